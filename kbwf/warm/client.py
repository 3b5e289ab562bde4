"""Reach a warm process, starting it if need be. Standard library only: thousands of short jobs pay for these imports.

A warm process keeps what is slow to load (torch, a model, a GPU context) and serves one kind of request over a unix
socket. The first job that finds nobody listening starts it, under a file lock so that only one does. Its socket's name
holds the digest of the code and the owner's pid, so that new code, or another workflow, gets a process of its own.
"""

import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from kbwf.errors import InfrastructureError, KbwfError

# What a warm process may see of its parent's environment. Keys and tokens are not on the list; the model hub's
# locations are, and a backend that needs a credential is given it by name (`credentials`).
ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "CUDA_HOME",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT",
    "SSL_CERT_FILE", "OMP_NUM_THREADS",
)  # fmt: skip

_START_LIMIT_S = 300.0
_MAX_BASE_BYTES = 48  # a socket's path has 107 at most


def call(kind: str, request: dict, code: str, owner_pid: int, credentials: tuple[str, ...] = ()) -> dict:
    """Send one request to the warm process of this kind and return its reply.

    Args:
        kind: `sample` or `evaluate`.
        code: digest of the code the process must run.
        owner_pid: the process leaves when this one is gone.
        credentials: names of environment variables handed on besides `ENVIRONMENT`.

    Raises:
        KbwfError: what the handler raised, with its message and exit code.
        InfrastructureError: the process could not be started, or died before it answered.
    """
    path = _socket_path(kind, code, owner_pid)
    connection = _connect(path) or _start(kind, path, owner_pid, credentials)
    with connection:
        try:
            send_frame(connection, request)
            reply = receive_frame(connection)
        except OSError as error:
            reply, cause = None, f" ({error})"
        else:
            cause = ""
    if reply is None:
        raise InfrastructureError(
            f"the warm {kind} process died before it answered{cause}; its log ends:\n{_tail(path)}"
        )
    if "error" in reply:
        failure = KbwfError(reply["error"])
        failure.exit_code = reply["exit_code"]
        raise failure
    return reply


def send_frame(connection: socket.socket, value: dict) -> None:
    """One message: four bytes of length, then JSON."""
    body = json.dumps(value).encode()
    connection.sendall(len(body).to_bytes(4, "big") + body)


def receive_frame(connection: socket.socket) -> dict | None:
    """The next message, or None when the other side has closed."""
    head = _receive_exactly(connection, 4)
    body = _receive_exactly(connection, int.from_bytes(head, "big")) if head else None
    return json.loads(body) if body else None


def runtime_dir() -> str:
    """A folder of this user on this machine: sockets, their locks and logs. Never in a shared working directory.

    Raises:
        InfrastructureError: somebody else made a folder of that name.
    """
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > _MAX_BASE_BYTES:
        base = "/tmp"
    path = os.path.join(base, f"kbwf-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    if os.stat(path).st_uid != os.getuid():
        raise InfrastructureError(f"{path} belongs to another user; remove it, or set TMPDIR to a folder of your own")
    return path


def _socket_path(kind: str, code: str, owner_pid: int) -> str:
    # The working directory and the interpreter belong to the name: requests carry relative paths' meaning with them.
    key = hashlib.sha256(json.dumps([kind, code, owner_pid, os.getcwd(), sys.executable]).encode()).hexdigest()[:16]
    return os.path.join(runtime_dir(), f"{kind}-{key}.sock")


def _connect(path: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _start(kind: str, path: str, owner_pid: int, credentials: tuple[str, ...]) -> socket.socket:
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = _connect(path)  # another job may have started it while this one waited for the lock
        if connection:
            return connection
        environment = {name: os.environ[name] for name in (*ENVIRONMENT, *credentials) if name in os.environ}
        with open(path + ".log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "kbwf", "serve", kind, path, str(owner_pid)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            connection = _connect(path)
            if connection:
                return connection
            if process.poll() is not None:
                break
            time.sleep(0.02)
        process.kill()
        raise InfrastructureError(f"the warm {kind} process did not start; its log ends:\n{_tail(path)}")


def _tail(path: str) -> str:
    try:
        with open(path + ".log", errors="replace") as log:
            return log.read()[-2000:]
    except OSError:
        return "(no log)"


def _receive_exactly(connection: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
