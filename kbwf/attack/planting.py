"""A secret where real ones lie: in files, sockets, keyrings and other processes. Made up for one run, gone after it."""

import contextlib
import ctypes
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

VARIABLE = "KBWF_PLANTED_SECRET"
"""In the environment of the judge's process."""
BREACH = "KBWF_BREACH"
"""What a kernel says that did what it must not be able to. No kernel's text holds it in one piece."""

PREFIX = "KBWF-SECRET-"
"""What every planted secret begins with."""

_NAME = "kbwf_planted_secret"
_SOCKET = "kbwf_planted"
_PORT = 47813
_SEGMENT_KEY = 0x6B627766
_ADD_KEY, _KEYCTL, _UNLINK_KEY, _USER_KEYRING = 248, 250, 9, -4  # of x86-64
_IPC_CREATE, _IPC_REMOVE = 0o1000, 0


@contextlib.contextmanager
def planted(secret: str) -> Iterator[None]:
    """The secret lies everywhere that this user may put it, until the end of the `with`."""
    steps: list[Callable[[str], contextlib.AbstractContextManager[None]]] = [
        _in_files, _behind_sockets, _in_keyring, _in_shared_memory, _in_another_process,
    ]  # fmt: skip
    with contextlib.ExitStack() as stack:
        for step in steps:
            stack.enter_context(step(secret))
        yield


@contextlib.contextmanager
def _in_files(secret: str) -> Iterator[None]:
    folders = {"/tmp", "/var/tmp", "/dev/shm", "/opt", "/srv", "/mnt", tempfile.gettempdir(), os.getcwd()}
    paths = [*(Path(folder) / _NAME for folder in sorted(folders)), Path(os.path.expanduser("~")) / f".{_NAME}"]
    made = []
    for path in paths:
        with contextlib.suppress(OSError):
            if not path.exists() or path.read_text(errors="replace").startswith(PREFIX):  # of a run that was killed
                path.write_text(secret)
                made.append(path)
    try:
        yield
    finally:
        for path in made:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _behind_sockets(secret: str) -> Iterator[None]:
    paths = [f"{folder}/{_SOCKET}.sock" for folder in ("/tmp", "/run", "/opt")]
    addresses: list[tuple[int, object]] = [(socket.AF_UNIX, path) for path in (*paths, f"\0{_SOCKET}")]
    addresses.append((socket.AF_INET, ("127.0.0.1", _PORT)))
    listeners = []
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)  # of a run that was killed
    for family, address in addresses:
        listener = socket.socket(family)
        try:
            listener.bind(address)  # type: ignore[arg-type]
            listener.listen()
        except OSError:
            listener.close()
            continue
        listeners.append(listener)
        threading.Thread(target=_answer, args=(listener, secret), daemon=True).start()
    for path in paths:
        with contextlib.suppress(OSError):
            os.chmod(path, 0o777)
    try:
        yield
    finally:
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
            listener.close()
        for path in paths:
            Path(path).unlink(missing_ok=True)


def _answer(listener: socket.socket, secret: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(secret.encode())


@contextlib.contextmanager
def _in_keyring(secret: str) -> Iterator[None]:
    if platform.machine() != "x86_64":
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    key = libc.syscall(_ADD_KEY, b"user", _SOCKET.encode(), secret.encode(), len(secret), _USER_KEYRING)
    try:
        yield
    finally:
        if key > 0:
            libc.syscall(_KEYCTL, _UNLINK_KEY, key, _USER_KEYRING, 0, 0)


@contextlib.contextmanager
def _in_shared_memory(secret: str) -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(_SEGMENT_KEY, 4096, _IPC_CREATE | 0o644)
    if segment >= 0:
        address = libc.shmat(segment, None, 0)
        ctypes.memmove(address, secret.encode() + b"\0", len(secret) + 1)
        libc.shmdt(ctypes.c_void_p(address))
    try:
        yield
    finally:
        if segment >= 0:
            libc.shmctl(segment, _IPC_REMOVE, None)


@contextlib.contextmanager
def _in_another_process(secret: str) -> Iterator[None]:
    """On its command line, in its environment and in its memory."""
    waits = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", secret]
    pipe = subprocess.PIPE
    with subprocess.Popen(waits, stdin=pipe, stdout=pipe, env={VARIABLE: secret}) as process:
        assert process.stdout is not None
        process.stdout.readline()  # before, its command line may still be an empty one
        try:
            yield
        finally:
            process.kill()
