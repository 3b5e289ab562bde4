"""Chosen kernels measured again, by a judge that says what a test wants."""

from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import RecordError
from kbwf.judge.finding import Finding
from kbwf.records import Calibration, Confirmation, Environment, EvalStatus, ScoredSample, Selection
from kbwf.settings import EvaluationSettings
from kbwf.stages.confirm_kernel import confirm_kernel
from kbwf.store import read_record, write_record, write_records
from tests.builders import KERNEL_SOURCE, make_scored, make_selection, make_task, make_timing

ENVIRONMENT = Environment(device="cpu: test", torch="2", python="3.11", num_threads=1)
OTHER = KERNEL_SOURCE.replace("x.sum(dim=1)", "x.sum(1)")


class SpokenJudge:
    """Gives each source's speedups in turn, a text for a failure; None is the reference."""

    def __init__(self, speedups: dict[str | None, list[float | str]]) -> None:
        self.waiting = {source: iter(values) for source, values in speedups.items()}

    def judge(self, task: Any, source: str | None, settings: EvaluationSettings) -> Finding:
        """As `Judge.judge`."""
        found = next(self.waiting[source])
        if isinstance(found, str):
            return Finding(EvalStatus.WRONG_VALUES, found)
        return Finding(EvalStatus.PASSED, timing=make_timing(found, found * 0.999, found * 1.001))


def confirmed(
    folder: Path,
    scored: list[ScoredSample],
    selections: list[list[Selection]],
    speedups: dict[str | None, list[float | str]],
) -> Confirmation:
    """The record of three pairs for each kernel; five of the reference were measured before."""
    calibration = Calibration(
        task=make_task(), mode="full", environment=ENVIRONMENT, description={}, pairs=(make_timing(1.0),) * 5
    )
    write_record(folder / "task.json", calibration)
    write_records(folder / "scored.jsonl", scored)
    paths = [folder / f"selections{number}.jsonl" for number in range(len(selections))]
    for path, some in zip(paths, selections, strict=True):
        write_records(path, some)
    request = {
        "task": str(folder / "task.json"), "scored": str(folder / "scored.jsonl"),
        "selections": list(map(str, paths)), "output": str(folder / "out.json"),
        "settings": {}, "selection": {},
    }  # fmt: skip
    judge: Any = SpokenJudge(speedups)
    confirm_kernel(request, lambda settings: (judge, ENVIRONMENT))
    return read_record(folder / "out.json", Confirmation)


def test_every_chosen_kernel_is_measured_once_more_and_the_reference_beside(tmp_path: Path) -> None:
    """Two strategies chose samples 0 and 2, which hold one kernel, a third sample 1; sample 3 nobody chose."""
    scored = [
        make_scored(0, 1.5), make_scored(1, 1.2, kernel_source=OTHER), make_scored(2, 1.4), make_scored(3, 1.1),
    ]  # fmt: skip
    chosen = [[make_selection(1.5)], [make_selection(1.4, sample_idx=2)], [make_selection(1.2, sample_idx=1)]]
    found = confirmed(
        tmp_path, scored, chosen, {None: [1.0, 1.01, 0.99], KERNEL_SOURCE: [1.3, 1.31, 1.29], OTHER: [1.0, 1.01, 0.99]}
    )
    assert [kernel.sample_idxs for kernel in found.kernels] == [(0, 2), (1,)]
    assert [kernel.comparison for kernel in found.kernels] == ["faster", "same"]
    assert [kernel.num_pairs for kernel in found.kernels] == [3, 3]
    assert found.kernels[0].speedup == pytest.approx(1.3, abs=1e-3)
    assert found.kernels[0].pair_speedups == (1.3, 1.31, 1.29)
    assert found.control is not None
    assert (found.control.comparison, found.control.sample_idxs) == ("same", ())
    assert found.of_sample(2) is found.kernels[0]
    assert found.of_sample(3) is None


def test_a_kernel_that_fails_once_is_not_confirmed(tmp_path: Path) -> None:
    """It is right only sometimes: there is no speedup to speak of."""
    found = confirmed(
        tmp_path, [make_scored(0, 1.5)], [[make_selection(1.5)]],
        {None: [1.0] * 3, KERNEL_SOURCE: [1.5, "8 of 8 differ", 1.5]},
    )  # fmt: skip
    (kernel,) = found.kernels
    assert (kernel.speedup, kernel.comparison, kernel.is_faster) == (None, None, False)
    assert kernel.failures == ("wrong_values: 8 of 8 differ",)


def test_where_nothing_was_chosen_nothing_is_measured(tmp_path: Path) -> None:
    """Neither is the reference; choices of another task or seed do not count."""
    chosen = [[make_selection(None)], [make_selection(2.0, seed=1)], [make_selection(2.0, task_id="l0_p002")]]
    found = confirmed(tmp_path, [make_scored(0, None)], chosen, {})
    assert (found.kernels, found.control, found.environment) == ((), None, None)


def test_a_choice_that_is_not_among_the_samples_is_an_error(tmp_path: Path) -> None:
    """As after half of a rerun; a choice that is not correct is none either."""
    for selection in (make_selection(2.0, sample_idx=7), make_selection(2.0, sample_idx=1)):
        with pytest.raises(RecordError, match=r"samples \[[17]\] were selected, but are not among the scored samples"):
            confirmed(tmp_path, [make_scored(0, 2.0), make_scored(1, None)], [[selection]], {})
