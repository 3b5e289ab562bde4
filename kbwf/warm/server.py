"""The other end of `client`: serve requests one at a time, and leave when no longer needed."""

import contextlib
import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable

from kbwf.errors import InfrastructureError, KbwfError
from kbwf.warm.client import receive_frame, send_frame

_log = logging.getLogger(__name__)

Handler = Callable[[dict], dict]


def serve(handle: Handler, socket_path: str, owner_pid: int, idle_s: float = 60.0) -> None:
    """Answer requests until nobody asked for `idle_s` seconds or the owner is gone.

    The socket appears under its final name only once it accepts connections. A handler's `KbwfError` becomes the
    reply; any other exception too, with its traceback, as an infrastructure fault (exit code 75). After such a fault
    the process leaves, so that the next try meets a fresh one.
    """
    threading.Thread(target=_leave_with_owner, args=(owner_pid, socket_path), daemon=True).start()
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
                return
            with connection, contextlib.suppress(OSError):  # a client that was killed needs no answer
                request = receive_frame(connection)
                if request is None:
                    continue
                reply = _answer(handle, request)
                send_frame(connection, reply)
            if reply.get("exit_code") == InfrastructureError.exit_code:
                _log.info("leaving after an infrastructure fault")
                return
    finally:
        listener.close()
        _remove_socket(socket_path)


def _answer(handle: Handler, request: dict) -> dict:
    try:
        return handle(request)
    except KbwfError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception:
        return {"error": traceback.format_exc(), "exit_code": InfrastructureError.exit_code}


def _leave_with_owner(owner_pid: int, socket_path: str) -> None:
    """Children ask the kernel to be told of this process's death, so ending at once leaves nobody behind."""
    while _is_alive(owner_pid):
        time.sleep(0.5)
    _remove_socket(socket_path)
    os._exit(0)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:  # a zombie no longer needs us
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True


def _remove_socket(socket_path: str) -> None:
    for suffix in ("", ".lock", ".log"):
        with contextlib.suppress(OSError):
            os.unlink(socket_path + suffix)
