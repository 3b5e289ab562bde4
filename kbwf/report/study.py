"""A study as the report reads it: a frame with one row per sample, and the smaller records beside it.

Axes: P tasks, S seeds, K samples of a task and seed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from kbwf.metrics.statistics import Missing
from kbwf.metrics.surprisal import SurprisalKind, surprisal_nats
from kbwf.records import (
    CONTROL,
    Confirmation,
    EvalStatus,
    PolicyUpdate,
    ProbeScore,
    RunSummary,
    ScoredSample,
    Selection,
    Task,
    Trajectory,
)
from kbwf.strategies.best_of_n import Confirmed, look_up

NOT_COUNTED = Missing("not all samples say how many tokens they have")
NO_CONTROL_PASSED = Missing("the identity control passed nowhere, so that noise was not measured")
KEY = ["policy_id", "task_id", "seed", "sample_idx"]


@dataclass(frozen=True)
class Study:
    """All that a report is made of."""

    samples: pd.DataFrame
    """Of every policy, as `frame_of` has them: those that strategies choose from (`is_compared`), rollouts of runs and
    fresh samples."""
    tasks: tuple[Task, ...]
    """Those that could be judged, in order of their ids."""
    refused: tuple[tuple[Task, str], ...] = ()
    """Those that could not, with the reason: they count nowhere else."""
    confirmations: tuple[Confirmation, ...] = ()
    """What became of chosen kernels when they were measured again; none if that was left out."""
    selections: tuple[Selection, ...] = ()
    trajectories: tuple[Trajectory, ...] = ()
    summaries: tuple[RunSummary, ...] = ()
    updates: tuple[PolicyUpdate, ...] = ()
    probes: tuple[ProbeScore, ...] = ()
    surprisal: SurprisalKind = "mean"
    """Which NLL ranks, and stands in the frame."""

    @property
    def compared(self) -> pd.DataFrame:
        """The samples that strategies choose from."""
        frame: pd.DataFrame = self.samples[self.samples["is_compared"]]
        return frame

    def of_policy(self, policy_id: str) -> pd.DataFrame:
        """Its compared samples."""
        frame = self.compared
        ours: pd.DataFrame = frame[frame["policy_id"] == policy_id]
        return ours

    @property
    def control(self) -> pd.DataFrame:
        """The identity control's samples."""
        return self.of_policy(CONTROL)

    @cached_property
    def confirmed(self) -> Confirmed:
        """Looks up what became of a chosen kernel."""
        return look_up(self.confirmations)

    @property
    def why_no_noise_floor(self) -> Missing | None:
        """Why the control says nothing about noise, if it was drawn: its successes are 0 because it was never timed."""
        control = self.control
        return NO_CONTROL_PASSED if len(control) and not control["is_correct"].any() else None

    @property
    def shown_policies(self) -> list[str]:
        """The policies with rows of their own: the control only if there is no other."""
        policies = policies_of(self.compared["policy_id"])
        return [policy_id for policy_id in policies if policy_id != CONTROL] or policies


def judged_only(study: Study) -> Study:
    """The same with the tasks that could not be judged apart: their samples, which nobody drew, count nowhere."""
    is_refused = study.samples["status"] == EvalStatus.TASK_REFUSED
    refused = study.samples[is_refused]
    reasons = dict(zip(refused["task_id"], refused["message"], strict=True))
    return replace(
        study,
        samples=study.samples[~is_refused].reset_index(drop=True),
        tasks=tuple(task for task in study.tasks if task.task_id not in reasons),
        refused=tuple((task, reasons[task.task_id]) for task in study.tasks if task.task_id in reasons),
        selections=tuple(one for one in study.selections if one.task_id not in reasons),
    )


def frame_of(scored: Iterable[ScoredSample], surprisal: SurprisalKind, *, is_compared: bool = True) -> pd.DataFrame:
    """One row per sample. Tokens and responses, most of what is read, are left behind.

    NaN in `speedup` and its bounds where the kernel is not correct, in `surprisal_nats` without log-probabilities, in
    numbers of tokens that nobody counted.
    """
    columns = list(zip(*(_row(one, surprisal, is_compared) for one in scored), strict=True)) or [()] * len(_COLUMNS)
    series = {  # each with its type from the start, or None among texts would become NaN
        name: pd.Series(values, dtype=kind) for (name, kind), values in zip(_COLUMNS.items(), columns, strict=True)
    }
    return pd.DataFrame(series)


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other, each sample once: a run's first rollouts are samples that strategies choose from too."""
    frame = pd.concat(frames, ignore_index=True) if frames else frame_of([], "mean")
    frame = frame.sort_values(["is_compared", *KEY], ascending=[False, True, True, True, True], kind="stable")
    return frame.drop_duplicates(KEY).sort_values(KEY, kind="stable", ignore_index=True)


_COLUMNS = {
    "policy_id": str, "task_id": str, "seed": int, "sample_idx": int, "is_compared": bool, "status": str,
    "is_correct": bool, "speedup": float, "speedup_low": float, "speedup_high": float, "surprisal_nats": float,
    "num_tokens": float, "num_prompt_tokens": float, "is_reused": bool, "has_gpu": bool, "device": str, "mode": str,
    "seconds_s": object,
    "ratios_B": object, "kernel_sha256": object, "kernel_source": object, "message": object, "trace": object,
    "sandbox_lacks": object, "num_repeated_blocks": int, "num_throttled_blocks": int,
    "held_back_by": object,
}  # fmt: skip


def _row(one: ScoredSample, surprisal: SurprisalKind, is_compared: bool) -> tuple[object, ...]:
    sample, evaluation = one.sample, one.evaluation
    timing, environment = evaluation.timing, evaluation.environment
    speedups = (timing.speedup, timing.speedup_low, timing.speedup_high) if timing else (None, None, None)
    blocks = zip(timing.block_ref_runtime_ms, timing.block_runtime_ms, strict=True) if timing else ()
    return (
        sample.policy_id, sample.task_id, sample.seed, sample.sample_idx, is_compared, evaluation.status.value,
        evaluation.is_correct, *speedups, surprisal_nats(sample, surprisal), sample.num_tokens,
        sample.num_prompt_tokens, evaluation.is_reused, bool(environment and environment.device_uuid),
        environment.device if environment else "", evaluation.mode,
        evaluation.seconds_s, tuple(ref / own for ref, own in blocks), evaluation.kernel_sha256,
        evaluation.kernel_source, evaluation.message, evaluation.trace,
        evaluation.sandbox.missing if evaluation.sandbox else (),
        *((timing.num_repeated_blocks, timing.num_throttled_blocks, timing.held_back_by) if timing else (0, 0, ())),
    )  # fmt: skip


def nested(frame: pd.DataFrame, column: str) -> list[list[list]]:
    """Shape [P, S, K]: a column's values by task and seed, samples in the order of their indices."""
    cells: dict[str, dict[int, list]] = {}
    for task_id, seed, value in zip(frame["task_id"], frame["seed"], frame[column].tolist(), strict=True):
        cells.setdefault(task_id, {}).setdefault(seed, []).append(value)
    return [[seeds[seed] for seed in sorted(seeds)] for _, seeds in sorted(cells.items())]


def correct_only(frame: pd.DataFrame, column: str) -> list[list[list]]:
    """The same of correct samples; a task and seed without one keeps its place, empty."""
    pairs = zip(nested(frame, "is_correct"), nested(frame, column), strict=True)
    return [
        [
            [value for is_correct, value in zip(*cell, strict=True) if is_correct]
            for cell in zip(*task, strict=True)
        ]
        for task in pairs
    ]  # fmt: skip


def surprisals_of(frame: pd.DataFrame) -> list[list[list[float]]] | None:
    """Shape [P, S, K], of correct samples; None if one of them has none."""
    correct = frame[frame["is_correct"]]
    return None if correct["surprisal_nats"].isna().any() else correct_only(frame, "surprisal_nats")


def lengths_of(frame: pd.DataFrame) -> list[list[list[float]]] | Missing:
    """Shape [P, S, K]: tokens of correct samples."""
    correct = frame[frame["is_correct"]]
    return NOT_COUNTED if correct["num_tokens"].isna().any() else correct_only(frame, "num_tokens")


def measurements_of(frame: pd.DataFrame) -> list[list[list[str]]] | None:
    """Shape [P, S, K]: which measurement a correct sample's speedup comes from; None if each has one of its own.

    Equal kernels with equal speedups were measured once: a second measurement never gives the same number.
    """
    keys = frame["kernel_sha256"].astype(str) + "/" + frame["speedup"].map(repr)
    correct = frame["is_correct"]
    if not pd.DataFrame({"task_id": frame["task_id"], "key": keys})[correct].duplicated().any():
        return None
    return correct_only(frame.assign(measurement=keys), "measurement")


def by_task(values_P_S_K: Sequence[Sequence[Sequence]]) -> list[list]:
    """Shape [P, N]: all seeds of a task together."""
    return [[value for cell in task for value in cell] for task in values_P_S_K]


def policies_of(policy_ids: Iterable[str]) -> list[str]:
    """All policies in order, the control last."""
    return sorted(set(policy_ids), key=lambda policy_id: (policy_id == CONTROL, policy_id))
