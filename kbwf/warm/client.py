"""Reach a warm process, starting it if need be. Standard library only: thousands of short jobs pay for these imports.

A warm process keeps what is slow to load (torch, a model, a GPU context) and serves one kind of request over a unix
socket. The first job that finds nobody listening starts it, under a file lock so that only one does. Its socket's name
holds the digest of the code and the owner, so that new code, or another workflow, gets a process of its own.

A process that takes a request says so before it works on it. Until then a client owes it nothing: one whose process
leaves in that moment, idle or broken by the request before, asks the next.
"""

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
import zlib
from collections.abc import Iterator

from kbwf.errors import InfrastructureError, KbwfError
from kbwf.warm import slots
from kbwf.warm.frames import receive_frame, send_frame

# What a warm process may see of its parent's environment. Keys and tokens are not on the list; the model hub's
# locations are, and a backend that needs a credential is given it by name (`credentials`).
ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "CUDA_HOME",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT",
    "SSL_CERT_FILE", "OMP_NUM_THREADS",
)  # fmt: skip

TAKEN = {"taken": True}
"""What a warm process answers first: from here on it is the one that works on the request."""

_START_LIMIT_S = 300.0
_MAX_PROCESSES_TRIED = 20
"""Each left before it took the request. That many in a row is no coincidence."""
_MAX_BASE_BYTES = 48  # a socket's path has 107 at most


def call(
    kind: str, request: dict, code: str, owner: str, credentials: tuple[str, ...] = (), *, needs_gpu: bool = True
) -> dict:
    """Send one request to the warm process of this kind and return its reply.

    Args:
        kind: `sample` or `evaluate`.
        code: digest of the code the process must run.
        owner: the process leaves when this one is gone (`lifetime.owner_of`).
        credentials: names of environment variables handed on besides `ENVIRONMENT`.
        needs_gpu: one of the workflow's GPUs is this request's alone; each has a process of its own.

    Raises:
        KbwfError: what the handler raised, with its message and exit code.
        InfrastructureError: the process could not be started, or died before it answered.
    """
    with slots.held(gpus() if needs_gpu else (), str(request.get("task"))) as gpu:
        return _call(kind, request, _socket_path(kind, code, owner, gpu), owner, credentials, gpu)


def _call(kind: str, request: dict, path: str, owner: str, credentials: tuple[str, ...], gpu: str) -> dict:
    for _ in range(_MAX_PROCESSES_TRIED):
        connection = _connect(path) or _start(kind, path, owner, credentials, gpu)
        if connection is None:
            continue
        with connection:
            if _is_taken(connection, request):
                reply = receive_frame(connection)
                break
    else:
        raise InfrastructureError(
            f"{_MAX_PROCESSES_TRIED} warm {kind} processes left before they took this request; the log of the last"
            f" ends:\n{_tail(path)}"
        )
    if reply is None:
        raise InfrastructureError(f"the warm {kind} process died before it answered; its log ends:\n{_tail(path)}")
    if "error" in reply:
        failure = KbwfError(reply["error"])
        failure.exit_code = reply["exit_code"]
        raise failure
    return reply


def gpus() -> tuple[str, ...]:
    """The GPUs that a workflow's jobs share on this machine (`slots.slots_of`); by hand CUDA's choice holds."""
    return tuple(os.environ.get("KBWF_GPUS", "").split())


def runtime_dir() -> str:
    """A folder of this user on this machine: sockets, their locks and logs. Never in a shared working directory.

    Raises:
        InfrastructureError: somebody else made a folder of that name.
    """
    base = os.path.abspath(os.environ.get("TMPDIR") or "/tmp")  # `tempfile` takes 4 ms to import
    if len(os.fsencode(base)) > _MAX_BASE_BYTES or not os.access(base, os.W_OK | os.X_OK):
        base = "/tmp"
    path = os.path.join(base, f"kbwf-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    if os.stat(path).st_uid != os.getuid():
        raise InfrastructureError(f"{path} belongs to another user; remove it, or set TMPDIR to a folder of your own")
    return path


def _is_taken(connection: socket.socket, request: dict) -> bool:
    try:
        send_frame(connection, request)
    except OSError:
        return False
    return receive_frame(connection) == TAKEN


def _socket_path(kind: str, code: str, owner: str, gpu: str = "") -> str:
    # The working directory and the interpreter belong to the name: requests carry relative paths' meaning with them.
    key = json.dumps([kind, code, owner, gpu, os.getcwd(), sys.executable]).encode()
    # Nobody looks for two names with one sum in a folder of their own, and `hashlib` would load a library.
    return os.path.join(runtime_dir(), f"{kind}-{zlib.crc32(key):08x}{zlib.crc32(key[::-1]):08x}.sock")


def _connect(path: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except (FileNotFoundError, ConnectionError):
        connection.close()
        return None
    return connection


def _start(kind: str, path: str, owner: str, credentials: tuple[str, ...], gpu: str) -> socket.socket | None:
    """A connection to a new process; None if it was there and has left again, with somebody else's request."""
    import subprocess  # the clients of a running process do without

    with _locked(path + ".lock"):
        connection = _connect(path)  # another job may have started it while this one waited for the lock
        if connection:
            return connection
        stale = _identity(path)
        environment = {name: os.environ[name] for name in (*ENVIRONMENT, *credentials) if name in os.environ}
        environment |= slots.as_environment(gpu)
        with open(path + ".log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "kbwf", "serve", kind, path, owner],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            connection = _connect(path)
            if connection:
                return connection
            if process.poll() is not None:
                if process.returncode == 0 or _identity(path) != stale:
                    return None
                break
            time.sleep(0.02)
        process.kill()
        raise InfrastructureError(f"the warm {kind} process did not start; its log ends:\n{_tail(path)}")


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """An exclusive lock on a file that whoever leaves may remove: held only if the name still means this file."""
    while True:
        with open(path, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_named(file.fileno(), path):
                yield
                return


def _is_named(descriptor: int, path: str) -> bool:
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == _identity(path)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _tail(path: str) -> str:
    try:
        with open(path + ".log", errors="replace") as log:
            return log.read()[-2000:]
    except OSError:
        return "(no log)"
