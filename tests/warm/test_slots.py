"""Which GPU a job works on: one that is free, the same for a task where that costs nothing, and nobody else's."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kbwf.errors import ConfigError
from kbwf.warm import slots

UUIDS = ("GPU-aaaa", "GPU-bbbb", "GPU-cccc")


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nvidia-smi says."""
    listed = subprocess.CompletedProcess([], 0, "\n".join(UUIDS) + "\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: listed)


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, UUIDS),
        ("", ()),
        ("-1", ()),
        ("2,0", ("GPU-cccc", "GPU-aaaa")),
        ("GPU-bb", ("GPU-bbbb",)),
        ("MIG-1", ("MIG-1",)),
    ],
)
def test_the_gpus_are_those_that_cuda_would_see(three_gpus: None, visible: str | None, expected: tuple) -> None:
    """In its order; by index, by UUID or its beginning, or a part of a GPU."""
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert slots.slots_of(environment) == expected


@pytest.mark.parametrize("visible", ["3", "GPU-dddd", "all"])
def test_a_gpu_that_is_not_there_is_named(three_gpus: None, visible: str) -> None:
    """Before anything starts, with those there are."""
    with pytest.raises(
        ConfigError, match=rf"CUDA_VISIBLE_DEVICES is '{visible}', but this machine has 3 GPUs: GPU-aaaa"
    ):
        slots.slots_of({"CUDA_VISIBLE_DEVICES": visible})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (0, 3)),
        ({"CUDA_VISIBLE_DEVICES": "GPU-cccc"}, (2, 3)),
        ({"CUDA_VISIBLE_DEVICES": "1,2", "KBWF_PRETENDED_GPUS": "2"}, (1, 3)),
        ({"CUDA_VISIBLE_DEVICES": "MIG-1"}, (0, 1)),  # how many parts there are is not asked
        ({"CUDA_VISIBLE_DEVICES": ""}, (0, 1)),
    ],
)
def test_a_worker_knows_which_of_the_machine_s_gpus_is_its_own(
    three_gpus: None, environment: dict[str, str], expected: tuple[int, int]
) -> None:
    """The first that it sees, which is the one it works on."""
    assert slots.position_of(environment) == expected


def test_without_a_driver_there_are_no_gpus_but_some_can_be_pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of them, and nothing else."""
    monkeypatch.setattr(slots, "_QUERY", ("no-such-command",))
    assert slots.slots_of({"CUDA_VISIBLE_DEVICES": "0"}) == ()
    assert slots.slots_of({"KBWF_PRETENDED_GPUS": "2"}) == ("pretended0", "pretended1")
    assert slots.slots_of({"KBWF_PRETENDED_GPUS": ""}) == ()
    with pytest.raises(ConfigError, match="KBWF_PRETENDED_GPUS must be a number, got 'two'"):
        slots.slots_of({"KBWF_PRETENDED_GPUS": "two"})


def test_a_task_prefers_one_gpu_and_takes_another_if_that_is_busy(tmp_path: Path) -> None:
    """Three jobs of one task at once have three GPUs; the next alone has the first one again."""
    folders = (str(tmp_path),)
    with (
        slots.held(UUIDS, "l0_p001", folders) as first,
        slots.held(UUIDS, "l0_p001", folders) as second,
        slots.held(UUIDS, "l0_p001", folders) as third,
    ):
        assert sorted([first, second, third]) == sorted(UUIDS)
    with slots.held(UUIDS, "l0_p001", folders) as again:
        assert again == first
    assert len({_taken(f"l0_p{number:03d}", folders) for number in range(20)}) == 3


def _taken(task: str, folders: tuple[str, ...]) -> str:
    with slots.held(UUIDS, task, folders) as taken:
        return taken


def test_where_all_are_busy_one_is_waited_for(tmp_path: Path) -> None:
    """No job is refused, and none shares."""
    folders = (str(tmp_path),)
    with ThreadPoolExecutor() as pool:
        with slots.held(("GPU-aaaa",), "a", folders):
            waiting = pool.submit(_first, folders)
            assert not waiting.done()
        assert waiting.result(timeout=300) == "GPU-aaaa"


def _first(folders: tuple[str, ...]) -> str:
    with slots.held(("GPU-aaaa",), "b", folders) as taken:
        return taken


def test_without_gpus_nothing_is_locked(tmp_path: Path) -> None:
    """On the CPU the judge's own lease decides."""
    with slots.held((), "a", (str(tmp_path),)) as slot:
        assert slot == ""
    assert list(tmp_path.iterdir()) == []


def test_cuda_is_shown_the_gpu_alone() -> None:
    """By UUID, so that its index is 0 to whoever looks; a pretended one is not shown."""
    assert slots.as_environment("GPU-aaaa") == {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"}
    assert slots.as_environment("MIG-1") == {"CUDA_VISIBLE_DEVICES": "MIG-1"}
    assert slots.as_environment("pretended0") == slots.as_environment("") == {}
