"""`kbwf clean`: what goes, what stays, and not while a workflow is at work."""

import os
import shutil
from pathlib import Path

import pytest

from kbwf.cleanup import clean
from kbwf.errors import KbwfError, RecordError
from kbwf.run_guard import LOCK, alone_in


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of results with everything in it that there can be."""
    for name in (
        "results/evals/base/l0_p001/seed0/0.json", "results/logs/evaluate_kernel/0.log",
        *(f"results/evals/base/l0_p001/seed0/.{idx}.json.abcd1234.part" for idx in (1, 2)),
        "results/.notes.md.20260101", "results/policies/ttt.step1/adapter/weights",
        *(f"results/policies/ttt.step{step}/checkpoint.json" for step in (1, 2, 9, 10)),
        *(f"results/policies/ttt.step{step}/state/adam" for step in (1, 2, 9, 10)),
        "results/policies/base/checkpoint.json", ".snakemake/log/a.snakemake.log", ".snakemake/metadata/a",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0" * 1_000_000)
    for name in ("evals/base/l0_p001/seed0/.1.json.abcd1234.part", ".notes.md.20260101"):
        os.utime(tmp_path / "results" / name, (0, 0))
    (tmp_path / "results" / LOCK).touch()
    return tmp_path / "results"


def files(root: Path) -> set[str]:
    """All files, relative."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_removes_nothing_and_says_the_sizes(results: Path) -> None:
    """Logs, the leftover that no writer has any more, and the states of steps 1 and 2: 9 and 10 are the last two."""
    before = files(results.parent)
    said = clean(results, is_dry_run=True)
    assert files(results.parent) == before
    assert said.splitlines()[:5] == [
        "would remove 5.0 MB:",
        "       1 files     1.0 MB  job logs of jobs that are done",
        "       1 files     1.0 MB  Snakemake's logs of earlier runs",
        "       1 files     1.0 MB  leftovers of killed writers",
        "       2 files     2.0 MB  training states of steps before a run's last two",
    ]


def test_only_what_no_result_needs_goes(results: Path) -> None:
    """Records, adapters, checkpoints, the last two states, Snakemake's memory and what nobody of ours wrote stay."""
    before = files(results.parent)
    assert clean(results, is_dry_run=False).startswith("removed 5.0 MB:")
    assert before - files(results.parent) == {
        "results/evals/base/l0_p001/seed0/.1.json.abcd1234.part",
        "results/logs/evaluate_kernel/0.log",
        "results/policies/ttt.step1/state/adam",
        "results/policies/ttt.step2/state/adam",
        ".snakemake/log/a.snakemake.log",
    }
    assert clean(results, is_dry_run=False).startswith("removed 0 B:")


def test_a_step_that_was_killed_is_no_successor(results: Path) -> None:
    """Its folder is there, its checkpoint is not: the state that it starts from stays."""
    for step in (9, 10):
        (results / f"policies/ttt.step{step}/checkpoint.json").unlink()
    clean(results, is_dry_run=False)
    assert (results / "policies/ttt.step2/state/adam").exists()
    assert (results / "policies/ttt.step1/state/adam").exists()


@pytest.mark.parametrize("way", ["the folder", "a dot", "a link", "the way round"])
def test_not_while_a_workflow_is_at_work(results: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Its logs are being written, whatever leads there."""
    link = results.parent / "link"
    link.symlink_to(results)
    before = files(results.parent)
    monkeypatch.chdir(results)
    path = {"the folder": results, "a dot": Path("."), "a link": link, "the way round": Path("../results/logs/..")}[way]
    with alone_in(results), pytest.raises(KbwfError, match="another Snakemake is at work on"):
        clean(path, is_dry_run=False)
    assert files(results.parent) == before
    assert clean(path, is_dry_run=True).startswith("would remove")


def test_inside_the_folder_snakemake_s_logs_are_found_too(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie beside it."""
    monkeypatch.chdir(results)
    assert clean(Path("."), is_dry_run=True).startswith("would remove 5.0 MB:")


def test_a_folder_in_which_no_run_has_worked_is_left_alone(tmp_path: Path) -> None:
    """It may have logs of its own."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/mine").touch()
    assert clean(tmp_path, is_dry_run=False).startswith(f"{tmp_path} has no lock of a run (.lock): nothing of it")
    assert (tmp_path / "logs/mine").exists()


def test_links_and_what_they_point_to_stay(results: Path, tmp_path: Path) -> None:
    """Logs on another disk, a state that was moved, a link to nowhere with a leftover's name; none counts."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (results / "logs", results / "policies/ttt.step1/state"):
        path.rename(elsewhere / path.name)
        path.symlink_to(elsewhere / path.name)
    (results / ".3.json.abcd1234.part").symlink_to("nowhere")
    (results / "more").symlink_to(elsewhere)
    said = clean(results, is_dry_run=False)
    assert said.startswith("removed 3.0 MB:")
    assert files(elsewhere) == {"logs/evaluate_kernel/0.log", "state/adam"}
    assert (results / ".3.json.abcd1234.part").is_symlink()
    assert f"0 files        0 B  {results}/more" in said


def test_what_lies_behind_a_link_is_another_study_s(results: Path, tmp_path: Path) -> None:
    """A step of its run, all policies of it, its Snakemake's memory."""
    other = tmp_path / "other"
    (results.parent / ".snakemake").rename(tmp_path / "memory")
    (results.parent / ".snakemake").symlink_to(tmp_path / "memory")
    (results / "policies").rename(other)
    (results / "policies").mkdir()
    for path in other.iterdir():
        (results / "policies" / path.name).symlink_to(path)
    before = files(tmp_path)
    assert clean(results, is_dry_run=False).startswith("removed 2.0 MB:")
    assert before - files(tmp_path) == {
        "results/evals/base/l0_p001/seed0/.1.json.abcd1234.part",
        "results/logs/evaluate_kernel/0.log",
    }
    for path in (results / "policies").iterdir():
        path.unlink()
    (results / "policies").rmdir()
    (results / "policies").symlink_to(other)
    assert clean(results, is_dry_run=False).startswith("removed 0 B:")


def test_beside_a_copy_of_results_lie_the_logs_of_a_run_that_may_be_at_work(results: Path) -> None:
    """The copy's lock says nothing of them."""
    shutil.copytree(results, results.parent / "copy")
    before = files(results.parent / ".snakemake")
    assert "0 files        0 B  Snakemake's logs" in clean(results.parent / "copy", is_dry_run=False)
    assert files(results.parent / ".snakemake") == before


def test_a_lock_that_is_none_is_named(results: Path) -> None:
    """A folder, or a link."""
    (results / LOCK).unlink()
    (results / LOCK).mkdir()
    with pytest.raises(KbwfError, match=r"results/\.lock cannot be locked \(Is a directory\); it must be a file"):
        clean(results, is_dry_run=False)


def test_what_cannot_be_removed_is_named(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's folder."""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "0.log"))

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(KbwfError, match=r"0.log cannot be read or removed \(Permission denied\); do it by hand"):
        clean(results, is_dry_run=False)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(RecordError, match=r"nowhere is no folder; .*--results"):
        clean(tmp_path / "nowhere", is_dry_run=True)
