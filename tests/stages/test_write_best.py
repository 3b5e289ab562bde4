"""The folder of best kernels."""

import contextlib
import copy
import csv
import io
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from kbwf.errors import RecordError
from kbwf.records import Confirmation, EvalStatus, Evaluation, ScoredSample, Selection, Task
from kbwf.report.best_kernel_comparison import compare_with_reference
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from kbwf.stages.write_best import write_best
from kbwf.store import write_record, write_records
from tests.builders import (
    KERNEL_SOURCE,
    make_confirmation,
    make_confirmed,
    make_sample,
    make_scored,
    make_selection,
    make_task,
)
from tests.judge.problems import ask_for_no_times


def run_write_best(
    folder: Path,
    tasks: list[Task],
    scored: list[ScoredSample],
    selections: list[Selection],
    confirmations: Sequence[Confirmation] = (),
) -> tuple[Path, dict[str, Path]]:
    """Write the records into files, one each, and the best kernels into `best`."""
    for number, task in enumerate(tasks):
        write_record(folder / f"task{number}.json", task)
    write_records(folder / "scored.jsonl", scored)
    write_records(folder / "selections.jsonl", selections)
    best = folder / "best"
    paths = [folder / f"task{number}.json" for number in range(len(tasks))]
    again = [folder / f"confirmation{number}.json" for number in range(len(confirmations))]
    for path, confirmation in zip(again, confirmations, strict=True):
        write_record(path, confirmation)
    message = write_best([folder / "selections.jsonl"], [folder / "scored.jsonl"], paths, again, best)
    written = {path.name[:7]: path for path in sorted(best.glob("*.py"))}
    num_faster = sum("# confirmed  faster" in path.read_text() for path in written.values())
    counted = f", {num_faster} of them confirmed to be faster" if confirmations else ""
    assert message == f"{len(written)} kernels in {best}{counted}"
    return best, written


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
        "confirmed  not measured again",
        "chosen by  2.000 [1.900, 2.100] at 95% over 1 blocks: reference 2 ms, kernel 1 ms",
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
    assert "outputs agree within 0.0001" in done.stdout
    assert "speedup" in done.stdout


def test_a_kernel_that_differs_from_the_reference_says_so(tmp_path: Path) -> None:
    """Run against another reference, the file reports the difference and exits with 1."""
    task = make_task(1, reference_source=make_task().reference_source.replace("sum(dim=1)", "sum(dim=1) + 1"))
    _, paths = run_write_best(tmp_path, [task], SCORED, SELECTIONS[:2])
    done = subprocess.run([sys.executable, paths["l0_p001"]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "outputs DIFFER" in done.stdout


_LATER_WRONG = """
    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return x.sum(dim=1) * self.factor * (self.calls < 3)
"""


def test_a_kernel_that_is_right_once_is_found_out(tmp_path: Path) -> None:
    """From its third call on it returns zeros: every output is compared."""
    head, _ = KERNEL_SOURCE.split("    def forward")
    evaluation = SCORED[1].evaluation.model_copy(update={"kernel_source": head.rstrip() + "\n" + _LATER_WRONG})
    scored = SCORED[1].model_copy(update={"evaluation": evaluation})
    _, paths = run_write_best(tmp_path, TASKS[:1], [scored], SELECTIONS[1:2])
    done = subprocess.run([sys.executable, paths["l0_p001"]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert "outputs DIFFER" in done.stdout


def test_caches_are_cold_before_each_timed_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the judge's: 64 MB are written between the copy of the inputs and the clock's start, once for each call."""
    events: list[str] = []
    zero, copied, clock, own = torch.Tensor.zero_, copy.deepcopy, time.perf_counter, threading.get_ident()

    def write(tensor: torch.Tensor) -> torch.Tensor:
        if threading.get_ident() == own:
            events.append(f"write {tensor.nbytes >> 20} MB")
        return zero(tensor)

    def look() -> float:
        if threading.get_ident() != own:  # a thread that something else has left looks at it, too
            return clock()
        events.append("clock")
        return len(events) * 10.0  # so that the least number of calls is made

    def copy_all(value: object, memo: dict | None = None) -> object:
        if memo is None and threading.get_ident() == own:
            events.append("copy")
        return copied(value, memo)

    class Kernel(torch.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            events.append("kernel")
            return (x * self.factor).sum(dim=1)

    monkeypatch.setattr(torch.Tensor, "zero_", write)
    monkeypatch.setattr(time, "perf_counter", look)
    monkeypatch.setattr(copy, "deepcopy", copy_all)
    with pytest.raises(SystemExit) as ended:
        compare_with_reference(Kernel, make_task().reference_source, "cpu", None, 1e-4, True, True)
    assert ended.value.code == 0
    calls = [events[place - 3 : place + 2] for place, event in enumerate(events) if event == "kernel"]
    assert calls == [["copy", "write 64 MB", "clock", "kernel", "clock"]] * 6


def test_the_index_lists_every_task_with_its_file_or_reason(tmp_path: Path) -> None:
    """An unsolved task has no file; its reason counts the samples by status."""
    best, _ = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS)
    rows = list(csv.DictReader((best / "index.csv").open()))
    assert rows[0] == {
        "task_id": "l0_p001",
        "name": "Scaled_sum",
        "verdict": "not confirmed",
        "confirmed_speedup": "n/a",
        "confirmed_speedup_low": "n/a",
        "confirmed_speedup_high": "n/a",
        "chosen_speedup": "2",
        "chosen_speedup_low": "1.9",
        "chosen_speedup_high": "2.1",
        "shrinkage": "n/a",
        "file_or_reason": "l0_p001_Scaled_sum.py",
    }
    assert rows[1]["chosen_speedup"] == "n/a"
    assert rows[1]["file_or_reason"] == "no correct sample among 3 (wrong_values 2, timeout 1)"
    readme = (best / "README.md").read_text()
    link = "[l0_p001_Scaled_sum.py](l0_p001_Scaled_sum.py)"
    assert f"| l0_p001 | Scaled_sum | n/a | not confirmed | 2.000 [1.900, 2.100] | n/a | {link} |" in readme
    assert "| l0_p002 | Unsolved | n/a | n/a | n/a | n/a | no correct sample among 3" in readme
    assert sorted(path.name for path in best.iterdir()) == ["README.md", "index.csv", "l0_p001_Scaled_sum.py"]


def test_confirmed_numbers_come_first_and_decide(tmp_path: Path) -> None:
    """Under seed 1 the kernel was chosen by 2.0 and is the same as the reference; under seed 0, 1.1 to 6, it holds."""
    again = [
        make_confirmation([make_confirmed(2.5, 2.4, 2.6, (0,))], seed=0),
        make_confirmation([make_confirmed(1.0, 0.99, 1.01, (3,))], seed=1),
    ]
    best, paths = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS, again)
    text = paths["l0_p001"].read_text()
    assert "# confirmed  faster: 2.500 [2.400, 2.600] over 3 fresh pairs of processes" in text
    assert "# policy     base, seed 0, sample 0" in text
    (row, _) = csv.DictReader((best / "index.csv").open())
    assert (row["verdict"], row["confirmed_speedup"], row["shrinkage"]) == ("faster", "2.5", "2")
    assert "| 2.500 [2.400, 2.600] | faster | 5.000 [1.100, 6.000] | 2.000 |" in (best / "README.md").read_text()


def test_a_kernel_that_fails_when_it_is_measured_again_comes_last_and_says_so(tmp_path: Path) -> None:
    """A slower one that is right goes before it; alone it is listed, not confirmed."""
    broken = make_confirmed(None, None, None, (3,), failures=("wrong_values: 8 of 8 differ",))
    slower = make_confirmation([make_confirmed(0.9, 0.8, 0.95, (0,))], seed=0)
    _, paths = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS, [slower, make_confirmation([broken], seed=1)])
    assert "# confirmed  slower: 0.900" in paths["l0_p001"].read_text()
    best, paths = run_write_best(tmp_path, TASKS, SCORED, SELECTIONS[1:], [make_confirmation([broken], seed=1)])
    assert "# confirmed  no: wrong_values: 8 of 8 differ" in paths["l0_p001"].read_text()
    assert "not confirmed: wrong_values" in (best / "index.csv").read_text()


def test_a_task_that_cannot_be_judged_is_listed_with_that_reason(tmp_path: Path) -> None:
    """Not as a task without a correct sample."""
    scored = [make_scored(0, None, task_id="l0_p002", status=EvalStatus.TASK_REFUSED)]
    best, _ = run_write_best(tmp_path, TASKS[1:], scored, SELECTIONS[2:])
    assert "the task cannot be judged on this machine" in (best / "index.csv").read_text()


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
    with pytest.raises(RecordError, match="policy base, seed 1: sample 3 was selected, but is not among"):
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


_MODEL = """import torch


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.BatchNorm1d(64))

    def forward(self, x):
        return {forward}


def get_inputs():
    return [torch.rand(256, 64)]


def get_init_inputs():
    return []
"""

_LAYER = "self.layer(x)"
_OWN_STATISTICS = "torch.nn.functional.batch_norm(self.layer[0](x), None, None, training=True)"
_PAIR = "x.sum(0), {'a': [x > 0.5]}"
_COMPARED = [
    (_LAYER, _LAYER, True),
    (_LAYER, _OWN_STATISTICS, True),
    (_LAYER, "self.layer.eval()(x)", False),
    (_LAYER, _LAYER + " + 1e-3", False),
    (_LAYER, _LAYER + ".double()", False),
    (_LAYER, _LAYER + "[:1]", False),
    ("x.half() @ x.half().T", "(x @ x.T).half()", True),  # within half precision's 1e-2, not within 1e-4
    ("x.half() @ x.half().T", "(x @ x.T).half() * 1.1", False),
    ("(x * 9).long()", "(x * 9).long()", True),
    ("(x * 9).long()", "(x * 9).long() + (x > 0.99)", False),
    ("torch.fft.fft(x)", "torch.fft.fft(x) + 1e-6j", True),
    ("torch.fft.fft(x)", "torch.fft.fft(x) + 1j", False),
    (_PAIR, "[x.sum(0), {'a': (x > 0.5,)}]", True),
    (_PAIR, "x.sum(0), {'a': [x > 0.6]}", False),
    (_PAIR, "x.sum(0), {'b': [x > 0.5]}", False),
    ("x.add_(1)", "x + 1", True),
]


@pytest.mark.parametrize(("reference", "kernel", "is_right"), _COMPARED, ids=[kernel for _, kernel, _ in _COMPARED])
def test_the_file_s_comparison_says_what_the_judge_says(
    handler: EvaluateHandler,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    reference: str,
    kernel: str,
    is_right: bool,
) -> None:
    """Right, wrong, in half precision, with own statistics, of another shape, dtype or structure: one verdict."""
    ask_for_no_times(monkeypatch)
    task = make_task(1, reference_source=_MODEL.format(forward=reference)).model_copy(update={"admits": ((),)})
    source = f"{task.reference_source}\n\nclass ModelNew(Model):\n    def forward(self, x):\n        return {kernel}\n"
    sample = make_sample(0).model_copy(update={"response": source})
    settings = EvaluationSettings(mode="fast", device="cpu", timeout_s=60)
    judged = handler.evaluate(task, sample, settings, PromptSettings(style="model_new"), store=None)
    assert judged.is_correct == is_right, judged.message
    assert_file_says(tmp_path, task, source, judged, is_right)


def test_the_file_s_modules_are_in_the_mode_in_which_they_were_judged(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In evaluation mode, batch normalisation goes by running statistics, and the batch's own are wrong."""
    ask_for_no_times(monkeypatch)
    task = make_task(1, reference_source=_MODEL.format(forward=_LAYER)).model_copy(update={"module_mode": "eval"})
    settings = EvaluationSettings(mode="fast", device="cpu", timeout_s=60)
    for kernel, is_right in ((_LAYER, True), (_OWN_STATISTICS, False)):
        source = (
            f"{task.reference_source}\n\nclass ModelNew(Model):\n    def forward(self, x):\n        return {kernel}\n"
        )
        sample = make_sample(0).model_copy(update={"response": source})
        judged = handler.evaluate(task, sample, settings, PromptSettings(style="model_new"), store=None)
        assert (judged.is_correct, judged.module_mode) == (is_right, "eval"), judged.message
        folder = tmp_path / str(is_right)
        folder.mkdir()
        assert_file_says(folder, task, source, judged, is_right)


def assert_file_says(folder: Path, task: Task, source: str, judged: Evaluation, is_right: bool) -> None:
    """The best kernel's file of this evaluation, run alone, finds its outputs right or not."""
    scored = make_scored(0, 2.0)
    assert judged.official is not None
    changes = {"kernel_source": source, "official": judged.official, "module_mode": judged.module_mode}
    scored = scored.model_copy(update={"evaluation": scored.evaluation.model_copy(update=changes)})
    _, paths = run_write_best(folder, [task], [scored], [make_selection(2.0, sample_idx=0)])
    num_threads, said = torch.get_num_threads(), io.StringIO()
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(said):
        runpy.run_path(str(paths["l0_p001"]), run_name="__main__")
    torch.set_num_threads(num_threads)
    assert ended.value.code == (0 if is_right else 1), said.getvalue()
    assert ("agree within" if is_right else "DIFFER") in said.getvalue()


def test_a_task_s_name_does_nothing_in_the_index_and_is_cut_in_the_file_s(tmp_path: Path) -> None:
    """It may be a formula, a table's line, a terminal's escape or long, and the kernel may hold half a character."""
    name = "=1|\n<b>\x1b" + "a" * 300
    evaluation = SCORED[1].evaluation.model_copy(update={"kernel_source": "# \ud800\nclass ModelNew: ...\n"})
    scored = SCORED[1].model_copy(update={"evaluation": evaluation})
    best, paths = run_write_best(tmp_path, [make_task(1, name=name)], [scored], SELECTIONS[1:2])
    assert paths["l0_p001"].name == f"l0_p001__1_b_{'a' * 95}.py"
    text = paths["l0_p001"].read_text()
    assert "\n# \\ud800\n" in text and r"# task       l0_p001, =1| <b>\x1baaa" in text
    assert r"| l0_p001 | =1\| &lt;b>\x1baaa" in (best / "README.md").read_text()
    assert r"l0_p001,'=1| <b>\x1baaa" in (best / "index.csv").read_text()
