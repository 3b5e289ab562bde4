"""The device: which it is, and who holds it."""

import fcntl
import os
import stat
import tempfile
from pathlib import Path

import pytest
import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.device import describe_environment, lease, resolve_device
from kbwf.machine_locks import LOCK_FOLDERS
from kbwf.records import Environment

CPU = Environment(device="cpu: test", torch="2", python="3.11", num_threads=1)
GPU = CPU.model_copy(update={"device": "a GPU", "device_uuid": "1234"})


def is_held(path: Path) -> bool:
    """Whether somebody has the lock of this file."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_lease_is_a_lock_in_the_first_folder_that_is_there(tmp_path: Path) -> None:
    """Held inside, free after it; one for each GPU and one for the CPU."""
    folders = (str(tmp_path / "missing"), str(tmp_path), str(tmp_path / "last"))
    with lease(CPU, folders) as waited_s, lease(GPU, folders):
        assert waited_s >= 0
        paths = sorted(tmp_path.iterdir())
        assert [path.name for path in paths] == ["kbwf-lease-cpu.lock", "kbwf-lease-gpu-1234.lock"]
        assert all(map(is_held, paths))
    assert not any(map(is_held, paths))
    with lease(CPU, folders):
        assert sorted(tmp_path.iterdir()) == paths


def test_where_no_other_folder_is_there_the_last_is_taken(tmp_path: Path) -> None:
    """Which every machine has."""
    with lease(CPU, (str(tmp_path / "missing"), str(tmp_path))):
        assert (tmp_path / "kbwf-lease-cpu.lock").exists()


def test_a_lease_can_be_taken_by_every_user(tmp_path: Path) -> None:
    """Whatever the mask of whoever made it, which is what it was afterwards."""
    previous = os.umask(0o077)
    try:
        with lease(CPU, (str(tmp_path),)):
            mode = (tmp_path / "kbwf-lease-cpu.lock").stat().st_mode
        assert stat.S_IMODE(mode) == 0o666
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(previous)


def test_a_lease_lies_in_one_place_whatever_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two users with a TMPDIR each meet at the same lock, which is in neither."""
    environment = GPU.model_copy(update={"device_uuid": f"test-{os.getpid()}"})
    places: list[Path] = []
    monkeypatch.setattr(fcntl, "flock", lambda handle, how: places.append(Path(os.readlink(f"/proc/self/fd/{handle}"))))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv("TMPDIR", str(tmp_path / name))
        monkeypatch.setattr(tempfile, "tempdir", None)
        with lease(environment):
            pass
    places[0].unlink()
    assert places[0] == places[1]
    assert str(places[0].parent) in LOCK_FOLDERS
    assert not list(tmp_path.glob("*/*"))


def test_auto_takes_a_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """And cuda without one is a fault of the machine, with the way to find out more."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [str(resolve_device(name)) for name in ("auto", "cpu", "cuda")] == ["cuda:0", "cpu", "cuda:0"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [str(resolve_device(name)) for name in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(InfrastructureError, match="torch sees no GPU here; `kbwf doctor`"):
        resolve_device("cuda")


def test_an_environment_names_processor_threads_and_versions() -> None:
    """What a measurement belongs to."""
    found = describe_environment(torch.device("cpu"), 3)
    assert found.device.startswith("cpu: ") and len(found.device) > len("cpu: ")
    assert (found.num_threads, found.torch, found.device_uuid) == (3, torch.__version__, None)
