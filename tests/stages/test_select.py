"""Selections of all tasks, and the folder of best kernels."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf.config import SelectionBlock
from kbwf.errors import RecordError
from kbwf.records import EvalStatus, ScoredSample, Selection, Task
from kbwf.stages.select import select_all, write_best
from kbwf.store import write_record, write_records
from tests.builders import make_scored, make_selection, make_task

CFG = SelectionBlock()


def write_scored(path: Path, *scored: ScoredSample) -> Path:
    """One file of scored samples."""
    write_records(path, scored)
    return path


def test_every_task_gets_one_selection_in_order(tmp_path: Path) -> None:
    """Files in any order give selections by task id, also for a task where all failed."""
    second = write_scored(tmp_path / "b", make_scored(0, task_id="l0_p002"), make_scored(1, task_id="l0_p002"))
    first = write_scored(tmp_path / "a", make_scored(0, 1.5), make_scored(1, 2.5))
    selections = select_all([second, first], "oracle", CFG)
    assert [(one.task_id, one.sample_idx) for one in selections] == [("l0_p001", 1), ("l0_p002", None)]


def test_the_configuration_s_surprisal_and_m_are_used(tmp_path: Path) -> None:
    """By sum the longer response is the more surprising; with m = 1 the fastest is out of reach."""
    path = write_scored(tmp_path / "a", make_scored(0, 9.0, (-1.0,)), make_scored(1, 2.0, (-0.5,) * 4))
    by_sum = SelectionBlock(surprisal="sum", top_m=1)
    assert select_all([path], "surprisal", CFG)[0].sample_idx == 0
    assert select_all([path], "surprisal", by_sum)[0].sample_idx == 1
    assert select_all([path], "surprisal_top_m", by_sum)[0].sample_idx == 1
    assert select_all([path], "surprisal_top_m", CFG)[0].sample_idx == 0


def test_files_of_several_seeds_or_of_one_task_twice_are_refused(tmp_path: Path) -> None:
    """The message names what does not belong together, or the file that holds nothing."""
    path = write_scored(tmp_path / "a", make_scored(0))
    other_seed = write_scored(tmp_path / "b", make_scored(0, seed=1, task_id="l0_p002"))
    with pytest.raises(RecordError, match=r"\('base', 0\), \('base', 1\)"):
        select_all([path, other_seed], "oracle", CFG)
    with pytest.raises(RecordError, match="several files of scored samples for l0_p001"):
        select_all([path, path], "oracle", CFG)
    with pytest.raises(RecordError, match=r"empty: .*no samples"):
        select_all([write_scored(tmp_path / "empty")], "oracle", CFG)


def run_write_best(
    folder: Path, tasks: list[Task], scored: list[ScoredSample], selections: list[Selection]
) -> tuple[Path, dict[str, Path]]:
    """Write the records into files, one each, and the best kernels into `best`."""
    for number, task in enumerate(tasks):
        write_record(folder / f"task{number}.json", task)
    write_records(folder / "scored.jsonl", scored)
    write_records(folder / "selections.jsonl", selections)
    best = folder / "best"
    paths = [folder / f"task{number}.json" for number in range(len(tasks))]
    return best, write_best([folder / "selections.jsonl"], [folder / "scored.jsonl"], paths, best)


SCORED = [
    make_scored(0, 5.0, low=1.1, high=6.0, seed=0),
    make_scored(3, 2.0, low=1.9, high=2.1, seed=1),
    make_scored(0, None, task_id="l0_p002", status=EvalStatus.TIMEOUT),
    make_scored(1, None, task_id="l0_p002"),
    make_scored(2, None, task_id="l0_p002"),
]
SELECTIONS = [
    make_selection(5.0, low=1.1, seed=0, num_samples=4, num_correct=1),
    make_selection(2.0, low=1.9, seed=1, sample_idx=3, num_samples=4, num_correct=2),
    make_selection(None, task_id="l0_p002", num_samples=3),
]
TASKS = [make_task(1), make_task(2, name="Unsolved")]


def test_the_header_says_what_the_kernel_is(tmp_path: Path) -> None:
    """Task, interval, correct of drawn over seeds, origin, surprisal, device, and how to run it; a warning first."""
    best, paths = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS)
    assert paths == {"l0_p001": best / "l0_p001_Scaled_sum.py"}
    text = paths["l0_p001"].read_text()
    assert text.startswith("# WARNING: this file holds code written by a language model.")
    for fact in (
        "task       l0_p001, Scaled_sum",
        "speedup    2.000 [1.900, 2.100] at 95% over 1 blocks: reference 2 ms, kernel 1 ms",
        "samples    3 correct of 8 drawn",
        "strategy   oracle",
        "policy     base, seed 1, sample 3",
        "surprisal  1.0000 nats (mean",
        "device     cpu: test",
        "run        python l0_p001_Scaled_sum.py",
    ):
        assert f"# {fact}" in text


def test_a_best_kernel_runs_and_compares_itself_with_the_reference(tmp_path: Path) -> None:
    """The file, run by Python on its own, agrees with a reference full of quotes and backslashes, and prints times."""
    _, paths = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS)
    done = subprocess.run([sys.executable, paths["l0_p001"]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "outputs agree within 1e-4" in done.stdout
    assert "speedup" in done.stdout


def test_a_kernel_that_differs_from_the_reference_says_so(tmp_path: Path) -> None:
    """Run against another reference, the file reports the difference and exits with 1."""
    task = make_task(1, reference_source=make_task().reference_source.replace("sum(dim=1)", "sum(dim=1) + 1"))
    _, paths = run_write_best(tmp_path, [task], SCORED, SELECTIONS[:2])
    done = subprocess.run([sys.executable, paths["l0_p001"]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "outputs DIFFER" in done.stdout


def test_the_index_lists_every_task_with_its_file_or_reason(tmp_path: Path) -> None:
    """An unsolved task has no file; its reason counts the samples by status."""
    best, _ = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS)
    rows = list(csv.DictReader((best / "index.csv").open()))
    assert rows[0] == {
        "task_id": "l0_p001",
        "name": "Scaled_sum",
        "speedup": "2",
        "speedup_low": "1.9",
        "speedup_high": "2.1",
        "file_or_reason": "l0_p001_Scaled_sum.py",
    }
    assert rows[1]["speedup"] == "n/a"
    assert rows[1]["file_or_reason"] == "no correct sample among 3 (wrong_values 2, timeout 1)"
    readme = (best / "README.md").read_text()
    assert "| l0_p001 | Scaled_sum | 2.00 [1.90, 2.10] | [l0_p001_Scaled_sum.py](l0_p001_Scaled_sum.py) |" in readme
    assert "| l0_p002 | Unsolved | n/a | no correct sample among 3" in readme
    assert sorted(path.name for path in best.iterdir()) == ["README.md", "index.csv", "l0_p001_Scaled_sum.py"]


def test_a_task_without_selections_is_listed_too(tmp_path: Path) -> None:
    """Nothing was sampled for it: the index says that no selection was made."""
    best, paths = run_write_best(tmp_path, TASKS, [], [])
    assert paths == {}
    assert "no selection was made for this task" in (best / "index.csv").read_text()


def test_the_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A second run leaves no file of the first, and nothing beside the folder."""
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "stale.py").write_text("old")
    best, _ = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS)
    assert not (best / "stale.py").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".best")]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    """A selected sample that is not among the scored ones stops the writing, and what was there stays."""
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "old.py").write_text("old")
    with pytest.raises(RecordError, match="sample 3 of policy base, seed 1 was selected, but is not among"):
        run_write_best(tmp_path, TASKS, SCORED[:1], SELECTIONS)
    assert [path.name for path in (tmp_path / "best").iterdir()] == ["old.py"]
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".best")]


def test_selections_of_two_strategies_are_not_mixed(tmp_path: Path) -> None:
    """The best kernels belong to one strategy; both are named."""
    with pytest.raises(RecordError, match=r"'oracle', 'shortest'"):
        run_write_best(tmp_path, TASKS, SCORED, [*SELECTIONS, make_selection(1.0, strategy="shortest")])


def test_a_task_s_name_becomes_a_harmless_file_name(tmp_path: Path) -> None:
    """Separators and spaces in a name do not reach the file system."""
    _, paths = run_write_best(tmp_path, [make_task(1, name="../a b/c")], SCORED, SELECTIONS[:2])
    assert paths["l0_p001"] == tmp_path / "best" / "l0_p001_.._a_b_c.py"
    assert paths["l0_p001"].is_file()
