"""What a study will cost, before it runs: samples, evaluations, tokens, GPU-hours.

Samples and evaluations are counted from the plan that the rules follow. Tokens and hours rest on assumptions, which are
printed beside them. Where a number depends on what the study finds, the larger one is taken: every kernel is another
one, and every run chooses a step that was not the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from kbwf import plan
from kbwf.policies.table import BACKENDS, Backend
from kbwf.records.origin import CONTROL
from kbwf.settings import StudySettings

FEEDBACK_TOKENS = 150
"""What a teacher reads besides the prompt: three cut messages of 300 characters at most, and a sentence."""


@dataclass(frozen=True)
class Assumptions:
    """What is not in the configuration. To be replaced by what a first run of yours shows."""

    prompt_tokens: int = 700
    """Of one prompt."""
    response_tokens: int | None = None
    """Of one response; None: `max_tokens`, so that nothing costs more."""
    evaluation_s: float = 3.0
    """GPU-seconds of one evaluation."""
    drawn_tokens_per_s: float = 1000.0
    """Response tokens per second that a GPU of this machine draws."""
    read_tokens_per_s: float = 5000.0
    """Tokens per second that it scores or trains on."""


@dataclass(frozen=True)
class Estimate:
    """Totals of a study."""

    num_samples: int
    """Drawn from models."""
    num_control_samples: int
    num_evaluations: int
    """At most: equal kernels are measured once."""
    num_repetitions: int
    """At most: references as their own kernels before anything is sampled, and chosen kernels once more."""
    num_updates: int
    drawn_tokens: int
    prompt_tokens: int
    """Read to draw; where several samples share a prompt in one request, once for all of them."""
    scored_tokens: int
    """Read for log-probabilities at temperature 1, and by the probe."""
    teacher_tokens: int
    trained_tokens: int
    """Over all gradient steps."""
    judge_gpu_h: float
    model_gpu_h: float
    """Of this machine; a service's are its own."""


@dataclass
class _Count:
    """How many samples of each policy, task and seed are needed; more of them include fewer."""

    of: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def need(self, policies: list[str], tasks: tuple[str, ...], seeds: tuple[int, ...], num_samples: int) -> None:
        for policy in policies:
            for task in tasks:
                for seed in seeds:
                    key = (policy, task, seed)
                    self.of[key] = max(self.of.get(key, 0), num_samples)


def estimate(study: StudySettings, assumed: Assumptions) -> Estimate:
    """Of a study that begins with empty results.

    Raises:
        ConfigError: the study cannot be planned.
    """
    tasks = plan.task_ids(study.tasks)
    policies = plan.policies(study)
    backend = BACKENDS[study.base.backend]
    count = _Count()
    for policy, planned in plan.compared_policies(study).items():
        count.need([policy], tasks, study.sampling.seeds, planned.sampling.num_samples)
    num_updates = trained_tokens = teacher_tokens = probed = 0
    for run in plan.runs(study).values():
        number = run.settings.rollouts_per_task
        passage_of_run = assumed.prompt_tokens + (assumed.response_tokens or run.sampling.max_tokens)
        for step in run.steps:
            update_tasks = run.tasks_of_update(step)
            count.need([run.policy_at(step - 1)], update_tasks, (run.seed,), number)
            num_updates += 1
            rollouts = len(update_tasks) * number
            trained_tokens += rollouts * passage_of_run * run.settings.num_gradient_steps
            if run.settings.method.startswith("sdpo"):
                teacher_tokens += rollouts * (passage_of_run + FEEDBACK_TOKENS)
            if run.settings.is_probed:
                probed += len(run.task_ids) * len(run.settings.fresh_seeds) * number * passage_of_run
        last = run.policy_at(run.settings.num_steps)
        reported = [run.start, last if run.is_outer_loop else f"{run.run_id}.chosen"]
        own_tasks = () if run.is_outer_loop else run.task_ids
        if not run.is_outer_loop:
            count.need([last], own_tasks, (run.seed,), number)
        count.need(reported, own_tasks, run.settings.fresh_seeds, number)
        count.need(reported, run.transfer_ids, run.settings.fresh_seeds, number)
        if run.settings.is_probed:
            count.need([run.start], run.task_ids, run.settings.fresh_seeds, number)
    num_control = sum(number for (policy, _, _), number in count.of.items() if policy == CONTROL)
    drawn = {key: number for key, number in count.of.items() if key[0] != CONTROL}
    if backend.is_recorded:
        drawn = {}
    num_samples = sum(drawn.values())
    drawn_tokens = prompt_tokens = scored_tokens = 0
    for (policy, _, _), number in drawn.items():
        sampling = policies[policy].sampling if policy in policies else _sampling_of_chosen(study, policy)
        response = assumed.response_tokens or sampling.max_tokens
        requests = number if backend.has_request_per_sample else len(plan.chunks(number, sampling.chunk_size))
        drawn_tokens += number * response
        prompt_tokens += requests * assumed.prompt_tokens
        if _is_scored(study, backend, sampling.temperature):
            scored_tokens += number * (assumed.prompt_tokens + response)
    scored_tokens += probed
    read = prompt_tokens + scored_tokens + teacher_tokens + 3 * trained_tokens  # forward, and backward twice as long
    own_s = drawn_tokens / assumed.drawn_tokens_per_s + read / assumed.read_tokens_per_s
    num_evaluations = sum(count.of.values())
    num_calibrated = len({task for _, task, _ in count.of}) * study.evaluation.num_identity_pairs
    chosen_sets = [policy for policy in plan.compared_policies(study) if policy != CONTROL]
    num_chosen = len([strategy for strategy in study.selection.strategies if strategy != "random"])
    num_confirmed = len(chosen_sets) * len(tasks) * len(study.sampling.seeds) * (num_chosen + 1)
    num_repetitions = num_calibrated + num_confirmed * study.selection.num_confirmations
    return Estimate(
        num_samples=num_samples,
        num_control_samples=num_control,
        num_evaluations=num_evaluations,
        num_repetitions=num_repetitions,
        num_updates=num_updates,
        drawn_tokens=drawn_tokens,
        prompt_tokens=prompt_tokens,
        scored_tokens=scored_tokens,
        teacher_tokens=teacher_tokens,
        trained_tokens=trained_tokens,
        judge_gpu_h=(num_evaluations + num_repetitions) * assumed.evaluation_s / 3600,
        model_gpu_h=own_s / 3600 if backend.num_gpus else 0.0,
    )


def text_of(study: StudySettings, assumed: Assumptions) -> str:
    """The estimate as a table, with what was assumed.

    Raises:
        ConfigError: the study cannot be planned.
    """
    found = estimate(study, assumed)
    backend = BACKENDS[study.base.backend]
    rows = [
        ("samples from the model", f"{found.num_samples:,}", ""),
        ("samples of the identity control", f"{found.num_control_samples:,}", ""),
        ("evaluations, at most", f"{found.num_evaluations:,}", "equal kernels are measured once"),
        ("measured besides", f"{found.num_repetitions:,}", "tasks tried out first, chosen kernels confirmed; at most"),
        ("updates", f"{found.num_updates:,}", ""),
        ("tokens drawn, at most", f"{found.drawn_tokens:,}", ""),
        ("prompt tokens read", f"{found.prompt_tokens:,}", ""),
        ("tokens scored", f"{found.scored_tokens:,}", "log-probabilities at temperature 1, and the probe"),
        ("tokens read by teachers", f"{found.teacher_tokens:,}", ""),
        ("tokens trained on", f"{found.trained_tokens:,}", ""),
        ("GPU-hours of the judge", f"{found.judge_gpu_h:.1f}", ""),
        ("GPU-hours of the model", f"{found.model_gpu_h:.1f}", "" if backend.num_gpus else "none of this machine"),
    ]
    lines = [f"{name:34}{value:>16}  {note}".rstrip() for name, value, note in rows]
    shown = ", ".join(
        f"{one.name.replace('_', ' ')} {'max_tokens' if value is None else f'{value:g}'}"
        for one in fields(assumed)
        for value in [getattr(assumed, one.name)]
    )
    return "\n".join([*lines, f"Assumed: {shown}. Nothing of it is taken from results that are there already."])


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Two configurations as Snakemake merges them: mappings key by key, everything else replaced."""
    result = dict(base)
    for key, value in change.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def _sampling_of_chosen(study: StudySettings, policy: str) -> Any:
    run = plan.runs(study)[policy.removesuffix(".chosen")]
    return run.sampling


def _is_scored(study: StudySettings, backend: Backend, temperature: float) -> bool:
    """Whether samples are scored after they were drawn, which gives log-probabilities at temperature 1."""
    return backend.is_scored_after_sampling and study.base.logprobs_temperature == "sampling" and temperature != 1.0
