"""The other end of `client`: serve requests one at a time, and leave when no longer needed."""

import contextlib
import logging
import os
import socket
import traceback
from collections.abc import Callable

from kbwf.errors import InfrastructureError, KbwfError
from kbwf.warm.client import receive_frame, send_frame
from kbwf.warm.owner import leave_with

_log = logging.getLogger(__name__)

Handler = Callable[[dict], dict]


def serve(handle: Handler, socket_path: str, owner_pid: int, idle_s: float = 60.0) -> None:
    """Answer requests until nobody asked for `idle_s` seconds or the owner is gone.

    The socket appears under its final name only once it accepts connections. A handler's `KbwfError` becomes the
    reply; any other exception too, with its traceback, as an infrastructure fault (exit code 75). After such a fault
    the process leaves, so that the next try meets a fresh one.
    """
    leave_with(owner_pid, lambda: _remove_socket(socket_path))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh_path = f"{socket_path}.{os.getpid()}"
    listener.bind(fresh_path)
    listener.listen(128)
    os.rename(fresh_path, socket_path)
    listener.settimeout(idle_s)
    try:
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                _log.info("idle for %.0f s, leaving", idle_s)
                _remove_socket(socket_path)
                return
            reply: dict = {}
            with connection, contextlib.suppress(OSError):  # a client that was killed needs no answer
                request = receive_frame(connection)
                reply = _answer(handle, request) if request is not None else {}
                if reply.get("exit_code") == InfrastructureError.exit_code:
                    _remove_socket(socket_path)  # before the answer: whoever comes next starts a fresh process
                send_frame(connection, reply)
            if reply.get("exit_code") == InfrastructureError.exit_code:
                _log.info("leaving after an infrastructure fault")
                return
    finally:
        listener.close()


def _answer(handle: Handler, request: dict) -> dict:
    try:
        return handle(request)
    except KbwfError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception:
        return {"error": traceback.format_exc(), "exit_code": InfrastructureError.exit_code}


def _remove_socket(socket_path: str) -> None:
    for suffix in ("", ".lock", ".log"):
        with contextlib.suppress(OSError):
            os.unlink(socket_path + suffix)
