"""The evaluation store: nothing is served under other conditions, half written, or damaged; nothing kept is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kbwf import content_store
from kbwf import evaluation_store as store
from kbwf import store as records
from kbwf.records import Evaluation
from kbwf.records.base import sha256_of
from tests.builders import KERNEL_SOURCE, make_evaluation, make_timing

ROOT = Path(__file__).parents[1]
CONDITIONS: dict[str, Any] = {
    "task": "t",
    "kernel": sha256_of(KERNEL_SOURCE),
    "settings": {"mode": "full"},
    "environment": {
        "device": "cpu: test", "driver": None, "torch": "2", "cuda": None, "python": "3.11", "num_threads": 1,
    },
    "code": "c0de",
}  # fmt: skip


def passed(speedup: float = 2.0) -> Evaluation:
    """An evaluation that belongs to the conditions above."""
    return make_evaluation(timing=make_timing(speedup))


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    """The same record, from a folder that was not there."""
    folder = tmp_path / "store"
    assert store.find(folder, CONDITIONS) == (None, "")
    assert store.keep(folder, CONDITIONS, passed()) == ""
    assert store.find(folder, CONDITIONS) == (passed(), "")
    assert [path.name for path in folder.iterdir()] == [f"{content_store.address(CONDITIONS)}.json"]


@pytest.mark.parametrize(
    "other",
    [
        {"code": "edited"},
        {"settings": {"mode": "fast"}},
        {"environment": {**CONDITIONS["environment"], "device": "NVIDIA H200"}},
        {"environment": {**CONDITIONS["environment"], "driver": "580.159.04"}},
        {"environment": {**CONDITIONS["environment"], "torch": "2.1"}},
    ],
    ids=["code", "settings", "gpu", "driver", "torch"],
)
def test_nothing_is_served_under_other_conditions(tmp_path: Path, other: dict[str, Any]) -> None:
    """Not even if the file has been given the other's name."""
    store.keep(tmp_path, CONDITIONS, passed())
    asked = {**CONDITIONS, **other}
    assert store.find(tmp_path, asked) == (None, "")
    os.rename(tmp_path / f"{content_store.address(CONDITIONS)}.json", tmp_path / f"{content_store.address(asked)}.json")
    found, remark = store.find(tmp_path, asked)
    assert found is None
    assert "the entry's conditions belong under" in remark


def test_an_entry_whose_parts_disagree_is_not_served(tmp_path: Path) -> None:
    """Measured on another device than its conditions say; holding another kernel."""
    elsewhere = {**CONDITIONS, "environment": {**CONDITIONS["environment"], "device": "NVIDIA H200"}}
    store.keep(tmp_path, elsewhere, passed())
    assert "was measured on" in store.find(tmp_path, elsewhere)[1]
    another = {**CONDITIONS, "kernel": "0" * 64}
    store.keep(tmp_path, another, passed())
    assert "its conditions say 000" in store.find(tmp_path, another)[1]


@pytest.mark.parametrize("damage", ["", "{", "\xff", "[]", '{"schema_version": 99}'], ids=repr)
def test_a_damaged_entry_is_measured_anew_and_replaced(tmp_path: Path, damage: str) -> None:
    """An empty file, half a file, no text, no record, another version: no error; the next look finds the new one."""
    path = tmp_path / f"{content_store.address(CONDITIONS)}.json"
    path.write_bytes(damage.encode("latin-1"))
    found, remark = store.find(tmp_path, CONDITIONS)
    assert found is None
    assert remark.startswith("an entry of the store was not taken: ")
    store.keep(tmp_path, CONDITIONS, passed())
    assert store.find(tmp_path, CONDITIONS) == (passed(), "")


def test_an_entry_of_an_older_version_is_not_served(tmp_path: Path) -> None:
    """Then entries were bare evaluations, and nobody could say what they depend on."""
    records.write_record(tmp_path / f"{content_store.address(CONDITIONS)}.json", passed())
    found, remark = store.find(tmp_path, CONDITIONS)
    assert found is None
    assert "not a valid StoredEvaluation" in remark


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "the disk is full"),
        (PermissionError(13, "Permission denied"), "denied"),
    ],
    ids=["full", "read-only"],
)
def test_a_store_that_cannot_be_written_to_costs_no_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    """Another user's store, or a full disk: the reason is handed back."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", fail)
    remark = store.keep(tmp_path, CONDITIONS, passed())
    assert remark.startswith("not kept for reuse: ") and reason in remark
    assert list(tmp_path.iterdir()) == []


def test_an_entry_that_is_used_is_young_again(tmp_path: Path) -> None:
    """Pruning takes the longest unused first."""
    store.keep(tmp_path, CONDITIONS, passed())
    path = tmp_path / f"{content_store.address(CONDITIONS)}.json"
    os.utime(path, (0, 0))
    store.find(tmp_path, CONDITIONS)
    assert path.stat().st_mtime > 1e9


def test_of_another_user_an_entry_is_served_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it was used cannot be written down there."""
    store.keep(tmp_path, CONDITIONS, passed())

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert store.find(tmp_path, CONDITIONS) == (passed(), "")


def test_two_writers_of_one_entry_leave_one_whole_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins and ends in the middle of the first, which then has the last word."""
    replace = os.replace

    def second_writer_first(source: str, target: str) -> None:
        monkeypatch.setattr(os, "replace", replace)
        store.keep(tmp_path, CONDITIONS, passed(3.0))
        assert store.find(tmp_path, CONDITIONS)[0] == passed(3.0)
        replace(source, target)

    monkeypatch.setattr(os, "replace", second_writer_first)
    store.keep(tmp_path, CONDITIONS, passed(2.0))
    assert store.find(tmp_path, CONDITIONS)[0] == passed(2.0)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("moment", ["fsync", "replace", "utime"])
def test_a_killed_process_leaves_the_store_sound(tmp_path: Path, moment: str) -> None:
    """SIGKILL before the data is on disk, before the entry appears, and after: what was there is there, whole."""
    store.keep(tmp_path, {**CONDITIONS, "code": "earlier"}, passed())
    script = (
        "import os, signal, sys; from pathlib import Path; import tests.test_evaluation_store as t\n"
        f"os.{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "t.store.keep(Path(sys.argv[1]), t.CONDITIONS, t.passed()); t.store.find(Path(sys.argv[1]), t.CONDITIONS)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert store.find(tmp_path, {**CONDITIONS, "code": "earlier"})[0] == passed()
    assert store.find(tmp_path, CONDITIONS) == (passed() if moment == "utime" else None, "")
    store.keep(tmp_path, CONDITIONS, passed(3.0))
    assert store.find(tmp_path, CONDITIONS)[0] == passed(3.0)
