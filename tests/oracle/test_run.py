"""An analysis from kernels to tables, in a child process."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from kbwf.oracle import run
from kbwf.oracle.programs import Program
from kbwf.oracle.results import Examined, Outcome, TaskResult
from kbwf.oracle.tables import to_json, to_markdown
from tests.oracle.conftest import SOURCE, kernel_of

HONEST = kernel_of("return torch.relu(x * self.gain).cumsum(dim=1)")
LEAVES = kernel_of("import os\nos._exit(3)")


def test_a_kernel_that_brings_its_process_down_is_refused_and_the_next_one_is_examined() -> None:
    """The right kernel before it and the one after it fare alike."""
    program = Program("l0_p001", "Small", SOURCE, (("signed",),), (HONEST,), (LEAVES, HONEST))
    (result,) = run.examine_all([program], limit=2)
    assert [outcome.fate for outcome in result.honest] == ["equivalent", "unanswered", "equivalent"]
    assert len(result.mutants) == 2
    assert result.trials == ("official",) * 5 + ("signed", "weights")


@pytest.fixture
def results() -> list[TaskResult]:
    """Of one task: two killed, one of them by KernelBench's rule too, one survivor, one equivalent, two seen by all."""
    outcomes = {
        "zeros": Outcome("killed", True, "official", "rms error 1"),
        "mean": Outcome("killed", False, "signed", "rms error 2"),
        "term_dropped": Outcome("survived", False, reason="within rounding"),
        "step_repeated": Outcome("equivalent", False),
        "axis_wrong": Outcome("stillborn", True),
        "axis_next": Outcome("unanswered", True),
    }
    mutants = tuple(Examined(rule, "x | y", outcome) for rule, outcome in outcomes.items())
    return [TaskResult("l0_p001", "Small", "", ("official",), ("zeros",), (Outcome("equivalent", False),), mutants)]


def test_rates_are_over_mutants_that_differ(results: list[TaskResult]) -> None:
    """Three of six: one of them refused officially, two by the hardened rule."""
    markdown = to_markdown(results)
    assert "Of the other 3, KernelBench's rule refuses 1 (33.3%), the hardened rule 2 (66.7%)" in markdown
    assert "Of the 1 right kernels it refuses 0, and 0 give no answer in time." in markdown
    assert "| l0_p001 Small | 6 | 2 | 1 | 3 | 1 (33.3%) | 2 (66.7%) | zeros |" in markdown
    assert "| `mean` | the mean of the right answer everywhere | 1 | 0 | 0 | 1 | 0 (0.0%) | 1 (100.0%) |" in markdown
    assert "by the first trial that did so: 1 by `signed`." in markdown


def test_survivors_are_named_with_their_reason(results: list[TaskResult]) -> None:
    """Task, rule, change, reason, and what the official rule said; a bar does not end a cell."""
    assert "| l0_p001 | `term_dropped` | `x \\| y` | within rounding | passed |" in to_markdown(results)
    assert "No mutant survives." in to_markdown([])


def test_json_holds_every_outcome(results: list[TaskResult]) -> None:
    """As it was."""
    (task,) = json.loads(to_json(results))
    assert [mutant["outcome"]["fate"] for mutant in task["mutants"]] == [
        "killed", "killed", "survived", "equivalent", "stillborn", "unanswered",
    ]  # fmt: skip


def test_an_analysis_is_written_and_summed_up(
    results: list[TaskResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both files, one sentence to say, and a task that could not be examined by name."""
    broken = TaskResult("2", "2_Broken", failure="ValueError: no")
    seen: list[Program] = []

    def examined(programs: Iterable[Program], limit: int | None) -> list[TaskResult]:
        seen.extend(programs)
        return [*results, broken]

    monkeypatch.setattr(run, "examine_all", examined)
    (tmp_path / "1_Small.py").write_text(SOURCE)
    said = run.write_analysis(tmp_path, 5, tmp_path / "out")
    assert [program.name for program in seen] == ["1_Small"]
    assert said.startswith("6 mutants of 1 right kernels and 2 tasks, from 6 rules.")
    assert "Not examined: 2 2_Broken: ValueError: no" in (tmp_path / "out" / "oracle.md").read_text()
    assert len(json.loads((tmp_path / "out" / "oracle.json").read_text())) == 2
