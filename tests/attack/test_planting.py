"""The secret lies where the bank looks for it, and nowhere afterwards."""

import ctypes
import os
import socket
from pathlib import Path

import pytest

from kbwf.attack import planting
from kbwf.attack.planting import planted

SECRET = f"KBWF-SECRET-{os.getpid():016x}"
NAME = f"kbwf_test_{os.getpid()}"
KEY = 0x6B620000 + os.getpid() % 65536


@pytest.fixture(autouse=True)
def names_of_this_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others on this machine may plant at the same time; the working folder is this test's own."""
    for name, value in (("_NAME", NAME), ("_SOCKET", NAME), ("_SEGMENT_KEY", KEY)):
        monkeypatch.setattr(planting, name, value)
    monkeypatch.chdir(tmp_path)


def answer_of(address: str) -> str:
    """What a service says to who connects."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(address)
        return client.recv(100).decode()


def command_lines() -> str:
    """Of all processes."""
    texts = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts.append(path.read_text(errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)


def test_the_secret_lies_in_files_sockets_and_processes(tmp_path: Path) -> None:
    """Every place can be read by this user, and is empty again after the `with`."""
    file = tmp_path / NAME
    with planted(SECRET):
        assert file.read_text() == SECRET
        assert answer_of(f"\0{NAME}") == answer_of(f"/tmp/{NAME}.sock") == SECRET
        assert SECRET in command_lines()
    assert not file.exists() and SECRET not in command_lines()
    assert not Path(f"/tmp/{NAME}.sock").exists()
    with pytest.raises(OSError, match="refused"):
        answer_of(f"\0{NAME}")


def test_the_secret_lies_in_shared_memory() -> None:
    """A System V segment under the key that the bank knows."""
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    with planted(SECRET):
        segment = libc.shmget(KEY, 0, 0)
        address = ctypes.c_void_p(libc.shmat(segment, None, 0))
        assert ctypes.string_at(address.value or 0) == SECRET.encode()
        libc.shmdt(address)
    assert libc.shmget(KEY, 0, 0) == -1


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    """A file of that name is neither overwritten nor removed."""
    (tmp_path / NAME).write_text("mine")
    with planted(SECRET):
        pass
    assert (tmp_path / NAME).read_text() == "mine"


def test_what_a_killed_run_left_is_taken_over(tmp_path: Path) -> None:
    """Its secret is nobody's any more, and its socket answers nobody."""
    (tmp_path / NAME).write_text("KBWF-SECRET-ffffffffffffffff")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"/tmp/{NAME}.sock")
    with planted(SECRET):
        assert (tmp_path / NAME).read_text() == SECRET
        assert answer_of(f"/tmp/{NAME}.sock") == SECRET
    assert not (tmp_path / NAME).exists()


def test_the_bank_looks_where_the_secret_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, port and key stand in the bank's files as they stand here."""
    monkeypatch.undo()
    cheats = Path(__file__).parents[2] / "attacks" / "cheats"
    text = "".join(path.read_text(encoding="utf-8") for path in cheats.glob("secrets_*.py"))
    for wanted in (planting._NAME, planting._SOCKET, str(planting._PORT), hex(planting._SEGMENT_KEY).upper()[2:]):
        assert wanted in text
