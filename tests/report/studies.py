"""Studies made up for the report's tests: a base policy, its control and runs, as small as the test needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kbwf.records import (
    BASE,
    CONTROL,
    Compute,
    Confirmation,
    FreshScore,
    PolicyUpdate,
    ProbeScore,
    RunSummary,
    ScoredSample,
    Selection,
    Task,
    Trajectory,
)
from kbwf.report.study import Study, frame_of, joined
from kbwf.settings import SelectionSettings, Strategy
from kbwf.strategies.best_of_n import select
from tests.builders import make_confirmation, make_confirmed, make_scored, make_task, make_update

RUN = "ttt_seed0"


@dataclass
class Records:
    """What a workflow would have written."""

    scored: list[ScoredSample] = field(default_factory=list)
    run_scored: list[ScoredSample] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)
    summaries: list[RunSummary] = field(default_factory=list)
    updates: list[PolicyUpdate] = field(default_factory=list)
    probes: list[ProbeScore] = field(default_factory=list)

    def selections(self, strategies: Sequence[Strategy] = SelectionSettings().strategies) -> list[Selection]:
        """Every strategy's choices."""
        groups: dict[tuple, list[ScoredSample]] = {}
        for one in self.scored:
            groups.setdefault(tuple(one.sample_set), []).append(one)
        return [select(group, strategy, "mean", 3) for group in groups.values() for strategy in strategies]

    @property
    def confirmations(self) -> list[Confirmation]:
        """Of what any strategy chose of the base policy: measured again, half of each gain is left."""
        sha256s = {(*one.sample_set, one.sample.sample_idx): one.evaluation.kernel_sha256 or "" for one in self.scored}
        chosen: dict[tuple[str, int], dict[int, float]] = {}
        for one in self.selections():
            if one.policy_id == BASE:
                cell = chosen.setdefault((one.task_id, one.seed), {})
                if one.sample_idx is not None and one.speedup is not None:
                    cell[one.sample_idx] = one.speedup**0.5
        return [
            make_confirmation(
                [
                    make_confirmed(
                        value, 0.99 * value, 1.01 * value, (idx,), kernel_sha256=sha256s[task_id, BASE, seed, idx]
                    )
                    for idx, value in sorted(cell.items())
                ],
                task_id=task_id,
                seed=seed,
            )
            for (task_id, seed), cell in chosen.items()
        ]

    def study(self) -> Study:
        """The same as the report reads it."""
        return Study(
            samples=joined([frame_of(self.scored, "mean"), frame_of(self.run_scored, "mean", is_compared=False)]),
            tasks=tuple(self.tasks),
            confirmations=tuple(self.confirmations),
            selections=tuple(self.selections()),
            trajectories=tuple(self.trajectories),
            summaries=tuple(self.summaries),
            updates=tuple(self.updates),
            probes=tuple(self.probes),
        )


def drawn(
    rng: np.random.Generator, task_id: str, policy_id: str, seed: int, num_samples: int, *, effect: float = 0.0
) -> list[ScoredSample]:
    """Of one task and seed: three in four correct, speedups around 1, with `effect` faster the more surprising."""
    samples = []
    for idx in range(num_samples):
        score, noise = rng.standard_normal(2)
        speedup = float(np.exp(0.3 * (effect * score + noise)))
        if policy_id == CONTROL:
            speedup = float(np.exp(0.01 * noise))
        is_correct = policy_id == CONTROL or rng.random() < 0.75
        logprobs_T = (0.0,) if policy_id == CONTROL else (-float(np.exp(0.3 * score)),) * (1 + idx % 3)
        samples.append(
            make_scored(
                idx,
                speedup if is_correct else None,
                logprobs_T,
                low=speedup * 0.97,
                high=speedup * 1.03,
                task_id=task_id,
                policy_id=policy_id,
                seed=seed,
                seconds_s={"compile": 0.5, "timing": 0.25},
                kernel_source=f"# {task_id} {policy_id} {seed} {idx}\nx = {idx}\n",
            )
        )
    return samples


def small_study(
    num_tasks: int = 3,
    num_seeds: int = 2,
    num_samples: int = 8,
    *,
    effect: float = 0.0,
    has_runs: bool = True,
    has_control: bool = True,
) -> Records:
    """A whole study; its one run learns from all tasks in two steps, of which the first is chosen."""
    rng = np.random.default_rng(7)
    records = Records(tasks=[make_task(number) for number in range(1, num_tasks + 1)])
    task_ids = [task.task_id for task in records.tasks]
    for task_id in task_ids:
        for seed in range(num_seeds):
            records.scored += drawn(rng, task_id, "base", seed, num_samples, effect=effect)
            if has_control:
                records.scored += drawn(rng, task_id, CONTROL, seed, 4)
    if has_runs:
        _add_run(records, rng, task_ids)
    return records


def _add_run(records: Records, rng: np.random.Generator, task_ids: list[str]) -> None:
    policy_ids = ("base", f"{RUN}.step1", f"{RUN}.step2")
    successes = ((1, 0, 2), (2, 2, 2), (1, 1, 1))
    fast_1_by_task = tuple(
        {task_id: count / 4 for task_id, count in zip(task_ids, step, strict=False)} for step in successes
    )
    fast_1 = tuple(sum(step.values()) / len(step) for step in fast_1_by_task)
    for task_id in task_ids:
        for policy_id in policy_ids[:2]:
            records.run_scored += drawn(rng, task_id, policy_id, 1000, 4)
        records.run_scored += drawn(rng, task_id, policy_ids[1], 0, 4)
        records.run_scored += drawn(rng, task_id, policy_ids[2], 0, 4)
    fresh = [one.evaluation for one in records.run_scored if one.sample.seed == 1000]
    records.trajectories.append(
        Trajectory(
            run_id=RUN, policy_ids_N=policy_ids, fast_1_N=fast_1, fast_1_by_task_N=fast_1_by_task,
            correct_frac_N=(0.75, 0.8, 0.7), rolled_back_N=(None, None, "70 % correct, below the base policy's 75 %"),
            num_samples=4 * len(task_ids), chosen_step=1, early_stopping_step=1, early_stopping_last_step=2,
            per_task_oracle=0.5,
        )
    )  # fmt: skip
    scores = []
    for policy_id in policy_ids[:2]:
        ours = [one for one in fresh if one.policy_id == policy_id]
        share = sum((one.speedup or 0) > 1 for one in ours) / len(ours)
        scores.append(
            FreshScore(
                policy_id=policy_id, is_transfer=False, task_ids=tuple(task_ids), seeds=(1000,), num_samples=len(ours),
                fast_1=share, confident_fast_1=share, correct_frac=0.75,
            )
        )  # fmt: skip
    records.updates += [make_update(RUN, step, policy_ids[step - 1], tuple(task_ids)) for step in (1, 2)]
    records.summaries.append(
        RunSummary(
            run_id=RUN, name="ttt", method="grpo", seed=0, task_ids=tuple(task_ids), chosen_step=1,
            chosen_policy_id=policy_ids[1], selection_fast_1=fast_1[1], fresh=tuple(scores), num_updates=2,
            no_update_reasons={}, stopped_reason=None,
            compute=Compute(
                num_rollouts=36, num_evaluations=30, num_evaluations_reused=6, num_student_prompt_tokens=700,
                num_student_response_tokens=70, num_trained_tokens=500, num_teacher_tokens=0, update_wall_s=4.0,
                update_gpu_s=0.0, evaluation_wall_s=27.0, evaluation_gpu_s=0.0,
            ),
        )
    )  # fmt: skip
    for one in records.run_scored:
        sample = one.sample
        if (sample.policy_id, sample.seed) != ("base", 1000):
            continue
        for step in (1, 2):
            assert sample.nll_mean_nats is not None
            nll = sample.nll_mean_nats + 0.1 * step
            records.probes.append(
                ProbeScore(
                    **sample.origin.model_dump(), probed_policy_id=policy_ids[step], nll_mean_nats=nll,
                    nll_sum_nats=nll * sample.num_tokens,
                )
            )  # fmt: skip


def study_of(scored: Sequence[ScoredSample], selections: Sequence[Selection] = (), num_tasks: int = 2) -> Study:
    """A study without runs of these samples."""
    tasks = tuple(make_task(number) for number in range(1, num_tasks + 1))
    return Study(samples=joined([frame_of(scored, "mean")]), tasks=tasks, selections=tuple(selections))


def samples_of(
    speedups: Sequence[float | None], policy_id: str = "base", task: int = 1, seed: int = 0
) -> list[ScoredSample]:
    """Samples of one task, policy and seed, ± 0.1, the later the more surprising; None is a failed one."""
    return [
        make_scored(
            idx,
            speedup,
            (-1.0 - idx,),
            low=None if speedup is None else speedup - 0.1,
            high=None if speedup is None else speedup + 0.1,
            task_id=f"l0_p{task:03d}",
            policy_id=policy_id,
            seed=seed,
            kernel_source=f"# {policy_id} {task} {seed} {idx}\n",
        )
        for idx, speedup in enumerate(speedups)
    ]
