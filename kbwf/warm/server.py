"""The other end of `client`: serve requests one at a time, and leave when no longer needed."""

import contextlib
import logging
import os
import socket
import traceback
from collections.abc import Callable

from kbwf.errors import InfrastructureError, KbwfError
from kbwf.warm.client import TAKEN
from kbwf.warm.frames import receive_frame, send_frame
from kbwf.warm.lifetime import leave_with

_log = logging.getLogger(__name__)

Handler = Callable[[dict], dict]


def serve(handle: Handler, socket_path: str, owner: str, idle_s: float = 60.0) -> None:
    """Answer requests until nobody asked for `idle_s` seconds or the owner is gone.

    The socket appears under its final name only once it accepts connections. A request is confirmed before it is
    worked on: clients that were waiting when this process leaves ask the next. A handler's `KbwfError` becomes the
    reply; any other exception too, with its traceback, as an infrastructure fault (exit code 75). After such a fault
    the process leaves, so that the next try meets a fresh one.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh_path = f"{socket_path}.{os.getpid()}"
    listener.bind(fresh_path)
    listener.listen(128)
    own = os.stat(fresh_path)
    os.rename(fresh_path, socket_path)
    leave_with(owner, lambda: _remove_socket(socket_path, own))
    listener.settimeout(idle_s)
    with listener:
        is_sound = True
        while is_sound:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                _log.info("idle for %.0f s, leaving", idle_s)
                _remove_socket(socket_path, own)
                return
            with connection, contextlib.suppress(OSError):  # a client that was killed needs no answer
                request = receive_frame(connection)
                if request is None:
                    continue
                send_frame(connection, TAKEN)
                reply = _answer(handle, request)
                is_sound = reply.get("exit_code") != InfrastructureError.exit_code
                if not is_sound:
                    _remove_socket(socket_path, own)  # before the answer: whoever comes next starts a fresh process
                send_frame(connection, reply)
    _log.info("leaving after an infrastructure fault")


def _answer(handle: Handler, request: dict) -> dict:
    try:
        return handle(request)
    except KbwfError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception:
        return {"error": traceback.format_exc(), "exit_code": InfrastructureError.exit_code}


def _remove_socket(socket_path: str, own: os.stat_result) -> None:
    """With its lock and log; but not another process's that has taken the name."""
    with contextlib.suppress(OSError):
        if os.path.samestat(os.stat(socket_path), own):
            for suffix in ("", ".lock", ".log"):
                os.unlink(socket_path + suffix)
