"""Small hand-made records for tests: everything has a plain default, and a test names what it is about."""

from pathlib import Path

from kbwf.records import (
    Confirmation,
    ConfirmedKernel,
    Environment,
    EvalStatus,
    Evaluation,
    PolicyUpdate,
    Sample,
    ScoredSample,
    Selection,
    Task,
    Timing,
)
from kbwf.records.base import sha256_of
from kbwf.records.evaluation import compare_with_1
from kbwf.records.task import task_id_of
from kbwf.settings import TaskSettings

REFERENCE_SOURCE = '''"""A "quoted" reference with a backslash: \\\\ and \\n."""
import torch


class Model(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return (x * self.factor).sum(dim=1)


def get_inputs():
    return [torch.rand(8, 16)]


def get_init_inputs():
    return [3.0]
'''

KERNEL_SOURCE = """import torch


class ModelNew(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x.sum(dim=1) * self.factor
"""


def make_task(problem_id: int = 1, name: str = "Scaled_sum", reference_source: str = REFERENCE_SOURCE) -> Task:
    """A task of level 0."""
    return Task(
        task_id=task_id_of(0, problem_id),
        level=0,
        problem_id=problem_id,
        name=name,
        reference_source=reference_source,
        reference_sha256=sha256_of(reference_source),
        source="bundled",
        revision="unversioned",
    )


def make_sample(
    sample_idx: int = 0,
    logprobs_T: tuple[float, ...] = (-0.5, -1.5),
    *,
    task_id: str = "l0_p001",
    policy_id: str = "base",
    seed: int = 0,
) -> Sample:
    """A response with one token per log-probability."""
    return Sample(
        task_id=task_id,
        policy_id=policy_id,
        seed=seed,
        sample_idx=sample_idx,
        response="x" if logprobs_T else "",
        token_ids_T=tuple(range(len(logprobs_T))),
        sampling_logprobs_T=logprobs_T,
        policy_logprobs_T=logprobs_T,
        temperature=0.25,
        num_prompt_tokens=7,
        finish_reason="stop",
        prompt_sha256="0" * 64,
        model="tiny",
    )


def make_timing(
    speedup: float, low: float | None = None, high: float | None = None, ratios_B: tuple[float, ...] | None = None
) -> Timing:
    """A timing whose kernel takes 1 ms in every block; without `ratios_B` there is one block at the speedup."""
    ratios_B = ratios_B or (speedup,)
    return Timing(
        ref_runtime_ms=speedup,
        runtime_ms=1.0,
        speedup=speedup,
        speedup_low=speedup if low is None else low,
        speedup_high=speedup if high is None else high,
        num_blocks=len(ratios_B),
        num_perf_trials=10 * len(ratios_B),
        block_ref_runtime_ms=ratios_B,
        block_runtime_ms=(1.0,) * len(ratios_B),
    )


def make_evaluation(
    sample_idx: int = 0,
    timing: Timing | None = None,
    status: EvalStatus = EvalStatus.WRONG_VALUES,
    *,
    task_id: str = "l0_p001",
    policy_id: str = "base",
    seed: int = 0,
    kernel_source: str = KERNEL_SOURCE,
    seconds_s: dict[str, float] | None = None,
    is_reused: bool = False,
) -> Evaluation:
    """PASSED with a timing; `status` without one."""
    has_source = timing is not None or status not in (EvalStatus.NO_KERNEL, EvalStatus.TASK_REFUSED)
    source = kernel_source if has_source else None
    return Evaluation(
        task_id=task_id,
        policy_id=policy_id,
        seed=seed,
        sample_idx=sample_idx,
        status=EvalStatus.PASSED if timing else status,
        kernel_source=source,
        kernel_sha256=sha256_of(source) if source is not None else None,
        timing=timing,
        environment=Environment(device="cpu: test", torch="2", python="3.11", num_threads=1),
        mode="full",
        is_reused=is_reused,
        seconds_s=seconds_s or {},
    )


def make_scored(
    sample_idx: int = 0,
    speedup: float | None = None,
    logprobs_T: tuple[float, ...] = (-0.5, -1.5),
    *,
    low: float | None = None,
    high: float | None = None,
    ratios_B: tuple[float, ...] | None = None,
    status: EvalStatus = EvalStatus.WRONG_VALUES,
    task_id: str = "l0_p001",
    policy_id: str = "base",
    seed: int = 0,
    seconds_s: dict[str, float] | None = None,
    is_reused: bool = False,
    kernel_source: str = KERNEL_SOURCE,
) -> ScoredSample:
    """Correct with a speedup, failed (with `status`) without one."""
    timing = None if speedup is None else make_timing(speedup, low, high, ratios_B)
    return ScoredSample(
        sample=make_sample(sample_idx, logprobs_T, task_id=task_id, policy_id=policy_id, seed=seed),
        evaluation=make_evaluation(
            sample_idx,
            timing,
            status,
            task_id=task_id,
            policy_id=policy_id,
            seed=seed,
            seconds_s=seconds_s,
            is_reused=is_reused,
            kernel_source=kernel_source,
        ),
    )


def make_selection(
    speedup: float | None = None,
    *,
    low: float | None = None,
    task_id: str = "l0_p001",
    policy_id: str = "base",
    seed: int = 0,
    strategy: str = "oracle",
    sample_idx: int | None = 0,
    num_samples: int = 4,
    num_correct: int = 2,
    num_timings_used: int = 0,
) -> Selection:
    """A choice with this speedup; without one, nothing was correct."""
    is_chosen = speedup is not None
    low = speedup if low is None else low
    return Selection(
        task_id=task_id,
        policy_id=policy_id,
        seed=seed,
        strategy=strategy,
        surprisal="mean",
        num_samples=num_samples,
        num_correct=num_correct if is_chosen else 0,
        sample_idx=sample_idx if is_chosen else None,
        fast_1=float(speedup is not None and speedup > 1),
        confident_fast_1=float(low is not None and low > 1),
        speedup=speedup,
        speedup_low=low,
        speedup_high=speedup,
        surprisal_nats=1.0 if is_chosen else None,
        num_timings_used=num_timings_used,
        num_evaluations_used=num_samples,
    )


def make_confirmed(
    speedup: float | None,
    low: float | None,
    high: float | None,
    sample_idxs: tuple[int, ...] = (0,),
    failures: tuple[str, ...] = (),
    kernel_sha256: str = "0" * 64,
) -> ConfirmedKernel:
    """Measured in three fresh pairs; without a speedup it failed."""
    comparison = None if low is None or high is None else compare_with_1(low, high)
    return ConfirmedKernel(
        kernel_sha256=kernel_sha256, sample_idxs=sample_idxs, num_pairs=3, failures=failures, speedup=speedup,
        speedup_low=low, speedup_high=high, pair_speedups=() if speedup is None else (speedup,) * 3,
        comparison=comparison,
    )  # fmt: skip


def make_confirmation(
    kernels: list[ConfirmedKernel],
    *,
    control: ConfirmedKernel | None = None,
    task_id: str = "l0_p001",
    policy_id: str = "base",
    seed: int = 0,
) -> Confirmation:
    """With a reference that is the same as itself."""
    control = control or make_confirmed(1.0, 0.99, 1.01, ())
    return Confirmation(task_id=task_id, policy_id=policy_id, seed=seed, kernels=tuple(kernels), control=control)


def make_update(
    run_id: str, step: int, parent: str, task_ids: tuple[str, ...], settings: dict[str, object] | None = None
) -> PolicyUpdate:
    """An update that took a step of two seconds."""
    return PolicyUpdate(
        policy_id=f"{run_id}.step{step}", parent_policy_id=parent, run_id=run_id, method="grpo", seed=0, step=step,
        settings=settings or {}, task_ids=task_ids, num_rollouts=12, temperature=1.0, mean_reward=0.5,
        reward_history={}, num_gradient_steps=1, no_update_reason=None, stopped_reason=None,
        num_rollouts_without_solution=None, loss=0.1, kl_sample_train_nats=0.0, kl_sample_train_v2_nats=0.0,
        max_ratio=1.0, entropy_nats=1.0, gradient_norm=1.0, num_prompt_tokens=100, num_response_tokens=100,
        num_teacher_tokens=0, num_batches=1, wall_s=2.0, gpu_s=0.0,
        environment=Environment(device="cpu: test", torch="2", python="3.11", num_threads=1),
    )  # fmt: skip


PUBLISHED_EVAL_IDS = (4, 5, 12, 14, 15, 18, 28, 29, 30, 32, 36, 55, 65, 70, 76, 82, 87, 89, 95, 98)
"""Of KernelBench level 1, split with seed 42 (arXiv 2602.07670)."""


def level_folder_with(root: Path, *names: str) -> TaskSettings:
    """A level 1 with empty problem files of these names."""
    (root / "level1").mkdir(parents=True)
    for name in names:
        (root / "level1" / name).write_text("")
    return TaskSettings(source="directory", level=1, path=root)
