"""`kbwf clean`: what goes, what stays, and not while a workflow is at work."""

import fcntl
import os
from pathlib import Path

import pytest

from kbwf.cleanup import clean
from kbwf.errors import KbwfError, RecordError


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of results with everything in it that there can be."""
    for name in (
        "results/evals/base/l0_p001/seed0/0.json", "results/logs/evaluate_kernel/0.log",
        "results/evals/base/l0_p001/seed0/.1.json.abcd1234", "results/evals/base/l0_p001/seed0/.2.json.abcd1234",
        "results/policies/ttt.step1/state/optimizer", "results/policies/ttt.step2/state/optimizer",
        "results/policies/ttt.step10/state/optimizer", "results/policies/ttt.step1/adapter/weights",
        "results/policies/base/checkpoint.json", ".snakemake/log/a.snakemake.log", ".snakemake/metadata/a",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0" * 1_000_000)
    os.utime(tmp_path / "results/evals/base/l0_p001/seed0/.1.json.abcd1234", (0, 0))
    return tmp_path / "results"


def files(root: Path) -> set[str]:
    """All files, relative."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_removes_nothing_and_says_the_sizes(results: Path) -> None:
    """Logs, the leftover that no writer has any more, and the states of steps 1 and 2: step 10 is the newest."""
    before = files(results.parent)
    said = clean(results, is_dry_run=True)
    assert files(results.parent) == before
    assert said.splitlines()[:5] == [
        "would remove 5.0 MB:",
        "       1 files        1.0 MB  job logs of jobs that are done",
        "       1 files        1.0 MB  Snakemake's logs of earlier runs",
        "       1 files        1.0 MB  leftovers of killed writers",
        "       2 files        2.0 MB  training states of steps that have a successor",
    ]


def test_only_what_no_result_needs_goes(results: Path) -> None:
    """Records, adapters, checkpoints, the newest state and Snakemake's memory stay."""
    assert clean(results, is_dry_run=False).startswith("removed 5.0 MB:")
    assert files(results.parent) == {
        "results/evals/base/l0_p001/seed0/0.json",
        "results/evals/base/l0_p001/seed0/.2.json.abcd1234",
        "results/policies/ttt.step10/state/optimizer",
        "results/policies/ttt.step1/adapter/weights",
        "results/policies/base/checkpoint.json",
        ".snakemake/metadata/a",
    }
    assert clean(results, is_dry_run=False).startswith("removed 0.0 MB:")


def test_not_while_a_workflow_is_at_work(results: Path) -> None:
    """Its logs are being written."""
    before = files(results.parent)
    with (results.parent / ".snakemake/kbwf.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(KbwfError, match="a Snakemake is at work in"):
            clean(results, is_dry_run=False)
    assert files(results.parent) - {".snakemake/kbwf.lock"} == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(RecordError, match=r"nowhere is no folder; .*--results"):
        clean(tmp_path / "nowhere", is_dry_run=True)
