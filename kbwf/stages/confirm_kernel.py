"""Measure what strategies chose once more: the best of many noisy numbers is too good, a fresh one is not."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kbwf.errors import RecordError
from kbwf.judge.finding import Finding
from kbwf.judge.judge import Judge, JudgeFor
from kbwf.judge.pairs import combined
from kbwf.records import (
    Calibration,
    Confirmation,
    ConfirmedKernel,
    SampleSet,
    ScoredSample,
    Selection,
    Timing,
)
from kbwf.records.evaluation import compare_with_1
from kbwf.settings import EvaluationSettings, SelectionSettings
from kbwf.store import read_record, read_records, write_record


def confirm_kernel(request: dict[str, Any], judge_for: JudgeFor) -> dict[str, Any]:
    """Write the `Confirmation` of one policy, task and seed: every chosen kernel, and the reference beside them.

    Args:
        request: `task` (path of the `Calibration`), `scored` (path) and `selections` (paths: of every strategy) of the
            policy and seed, `output` (path), `settings` and `selection` (config blocks evaluation and selection).

    Raises:
        RecordError: a chosen sample is not among the scored ones.
        InfrastructureError: the machine failed.
    """
    calibration = read_record(Path(request["task"]), Calibration)
    scored = read_records(Path(request["scored"]), ScoredSample)
    chosen_by_kernel = _chosen(scored, [Path(path) for path in request["selections"]])
    settings = EvaluationSettings.model_validate(request["settings"])
    num_pairs = SelectionSettings.model_validate(request["selection"]).num_confirmations
    control, kernels, environment = None, [], None
    if chosen_by_kernel:
        judge, environment = judge_for(settings)
        identical = _findings(judge, calibration, None, settings, num_pairs)
        control = _confirmed("reference", (), identical, calibration.pairs)
        known = [*calibration.pairs, *_timings(identical)]
        for digest, chosen in chosen_by_kernel.items():
            findings = _findings(judge, calibration, chosen[0].evaluation.kernel_source, settings, num_pairs)
            kernels.append(_confirmed(digest, tuple(one.sample.sample_idx for one in chosen), findings, known))
    first = scored[0].sample
    confirmation = Confirmation(
        task_id=first.task_id,
        policy_id=first.policy_id,
        seed=first.seed,
        kernels=tuple(kernels),
        control=control,
        environment=environment,
    )
    write_record(Path(request["output"]), confirmation)
    num_faster = sum(kernel.is_faster for kernel in kernels)
    return {"message": f"{first.sample_set}: {num_faster} of {len(kernels)} chosen kernels are confirmed to be faster"}


def _chosen(scored: Sequence[ScoredSample], selections: Sequence[Path]) -> dict[str, list[ScoredSample]]:
    """The samples that any strategy chose, by kernel: equal kernels are measured once."""
    by_idx = {one.sample.sample_idx: one for one in scored}
    sample_set: SampleSet = scored[0].sample_set
    idxs = set()
    for path in selections:
        for one in read_records(path, Selection):
            if one.sample_set == sample_set and one.sample_idx is not None:
                idxs.add(one.sample_idx)
    unknown = sorted(idxs - {idx for idx, one in by_idx.items() if one.evaluation.is_correct})
    if unknown:
        raise RecordError(
            f"{sample_set}: samples {unknown} were selected, but are not among the scored samples as correct ones; run"
            " the selection again"
        )
    by_kernel: dict[str, list[ScoredSample]] = defaultdict(list)
    for idx in sorted(idxs):
        by_kernel[by_idx[idx].evaluation.kernel_sha256 or ""].append(by_idx[idx])
    return by_kernel


def _findings(
    judge: Judge, calibration: Calibration, source: str | None, settings: EvaluationSettings, num_pairs: int
) -> list[Finding]:
    return [judge.judge(calibration.task, source, settings) for _ in range(num_pairs)]


def _timings(findings: Sequence[Finding]) -> list[Timing]:
    return [finding.timing for finding in findings if finding.timing is not None]


def _confirmed(
    digest: str, sample_idxs: tuple[int, ...], findings: Sequence[Finding], identical: Sequence[Timing]
) -> ConfirmedKernel:
    timings = _timings(findings)
    failures = tuple(finding.failure for finding in findings if finding.failure)
    speedup = low = high = comparison = None
    if not failures:
        speedup, low, high = combined(timings, identical)
        comparison = compare_with_1(low, high)
    return ConfirmedKernel(
        kernel_sha256=digest,
        sample_idxs=sample_idxs,
        num_pairs=len(findings),
        failures=failures,
        speedup=speedup,
        speedup_low=low,
        speedup_high=high,
        pair_speedups=tuple(timing.speedup for timing in timings),
        comparison=comparison,
    )
