"""What the configuration means for the DAG: which tasks, policies, chunks and samples there are.

Read by the rule files before anything runs, so it lists folders but opens no problem, and imports neither torch nor
a data set library.
"""

import random
from pathlib import Path
from typing import NamedTuple

from kbwf.errors import ConfigError, KbwfError
from kbwf.policies.table import BACKENDS, Backend
from kbwf.records.origin import BASE, CONTROL
from kbwf.records.task import parse_task_id, task_id_of
from kbwf.run_settings import RunSettings, RunTasks
from kbwf.settings import CONTROL_CHUNK_SIZE, SamplingSettings, StudySettings, TaskSettings
from kbwf.tasks import locations
from kbwf.tasks.splits import split_ids


class PlannedPolicy(NamedTuple):
    """A policy of the study, as the rules need it."""

    backend: Backend
    sampling: SamplingSettings
    """How many samples it draws, and how."""
    settings: str
    """What its samples depend on of what its backend is told, as JSON."""
    access: str
    """The rest of it, as JSON: where a server is, how long to wait for it. No sample is drawn anew for it."""
    is_demo: bool
    """Whether the demo policy must be trained first."""


class PlannedRun(NamedTuple):
    """One trajectory: a run of the configuration under one of its seeds, maybe for one task alone."""

    run_id: str
    """`{name}_seed{seed}`, or `{name}_{task}_seed{seed}` with `tasks: each`."""
    settings: RunSettings
    seed: int
    task_ids: tuple[str, ...]
    """What it learns from."""
    transfer_ids: tuple[str, ...]
    """What its chosen policy answers besides."""
    start: str
    """Policy id of step 0."""
    sampling: SamplingSettings
    """Of its rollouts."""

    def policy_at(self, step: int) -> str:
        """Policy id after so many updates."""
        return f"{self.run_id}.step{step}" if step else self.start

    @property
    def steps(self) -> range:
        """Numbers of its updates."""
        return range(1, self.settings.num_steps + 1)

    @property
    def is_outer_loop(self) -> bool:
        """Whether each update takes another batch of tasks, so that steps cannot be compared by their rollouts."""
        return self.settings.method == "rlvr"

    def tasks_of_update(self, step: int) -> tuple[str, ...]:
        """Whose rollouts the update learns from: all tasks; of an outer loop, the next batch of a new order each round.

        A batch may begin in one round and end in the next; a task is in it once.
        """
        if not self.is_outer_loop:
            return self.task_ids
        size = min(self.settings.tasks_per_step, len(self.task_ids))
        batch: list[str] = []
        position = (step - 1) * size
        while len(batch) < size:
            epoch, place = divmod(position, len(self.task_ids))
            order = random.Random(f"{self.seed}/{epoch}").sample(self.task_ids, len(self.task_ids))
            batch += [order[place]] if order[place] not in batch else []
            position += 1
        return tuple(sorted(batch))


def runs(study: StudySettings) -> dict[str, PlannedRun]:
    """The study's runs by id, in the order of the configuration.

    Raises:
        ConfigError: a run names tasks that there are none of.
    """
    planned = {}
    for settings in study.runs:
        groups = _task_groups(study.tasks, settings)
        transfer_to = settings.transfer_to or ("study" if settings.method == "rlvr" else None)
        transfer_ids = _run_tasks(study.tasks, settings.name, "transfer_to", transfer_to) if transfer_to else ()
        sampling = _run_sampling(study.sampling, settings)
        for suffix, chosen in groups.items():
            for seed in settings.seeds:
                run_id = f"{settings.name}{suffix}_seed{seed}"
                start = _start_id(study.sampling, sampling)
                planned[run_id] = PlannedRun(run_id, settings, seed, chosen, transfer_ids, start, sampling)
    return planned


def policies(study: StudySettings) -> dict[str, PlannedPolicy]:
    """All policies by id: those compared, and every step of every run.

    Raises:
        ConfigError: a run names tasks that there are none of, or the base policy cannot be trained.
    """
    planned = compared_policies(study)
    base = planned[BASE]
    for run in runs(study).values():
        require_adaptable(BASE, base, run.settings)
        if run.start not in planned:
            planned[run.start] = base._replace(sampling=run.sampling)
        for step in run.steps:
            planned[run.policy_at(step)] = base._replace(sampling=run.sampling, is_demo=False)
    return planned


def adapted_policies(study: StudySettings) -> dict[str, tuple[PlannedRun, int]]:
    """Run and step of every policy that training makes."""
    return {run.policy_at(step): (run, step) for run in runs(study).values() for step in run.steps}


def compared_policies(study: StudySettings) -> dict[str, PlannedPolicy]:
    """Those that strategies choose from, by id, the control last; without samples of its own it is left out."""
    backend = BACKENDS[study.base.backend]
    is_demo = backend.can_run_demo and study.base.model == "demo"
    planned = {
        BASE: PlannedPolicy(backend, study.sampling, study.base.policy_param(), study.base.access_param(), is_demo)
    }
    if study.identity.num_samples:
        # It always gives the same answer, so a change of temperature need not measure it again.
        numbers = {"num_samples": study.identity.num_samples, "chunk_size": CONTROL_CHUNK_SIZE}
        sampling = study.sampling.model_copy(update={**numbers, "temperature": 0.0, "max_tokens": 1})
        planned[CONTROL] = PlannedPolicy(BACKENDS["control"], sampling, "{}", "{}", is_demo=False)
    return planned


def require_adaptable(policy_id: str, policy: PlannedPolicy, run: RunSettings) -> None:
    """Asked for the policy that a run of training begins with.

    Raises:
        ConfigError: its backend samples only, or cannot train by this run's method.
    """
    if policy.backend.trainer is None:
        able = [name for name, backend in BACKENDS.items() if backend.trainer]
        raise ConfigError(
            f"policy {policy_id} runs on backend {policy.backend.name!r}, which cannot be trained; set base.backend:"
            f" {' or '.join(able)}, or runs: []"
        )
    if policy.backend.gives_distributions:
        return
    for key, is_set, instead in (
        ("method", run.method == "sdpo-topk", "method: sdpo"),
        ("entropy_coefficient", run.entropy_coefficient != 0, "entropy_coefficient: 0"),
    ):
        if is_set:
            raise ConfigError(
                f"run {run.name!r}: {key} {getattr(run, key)} needs whole distributions, which backend"
                f" {policy.backend.name!r} does not give; set {instead}, or base.backend: local"
            )


def recording_files(study: StudySettings, task_ids: tuple[str, ...], written: Path) -> list[str]:
    """Files of the recording that the study replays, after a look at whether it has all samples; else none.

    Args:
        written: the folder that this study's own samples go to.

    Raises:
        ConfigError: it does not, cannot be read, or would be written over.
    """
    if not BACKENDS[study.base.backend].is_recorded or study.base.path is None:
        return []
    from kbwf.policies.replay import read_recording

    try:
        recording = read_recording(study.base.path)
    except KbwfError as error:
        raise ConfigError(str(error)) from error
    if any(file.resolve().is_relative_to(written.resolve()) for file in recording.files):
        raise ConfigError(
            f"base.path {str(study.base.path)!r} is what this study itself writes: its samples would be written over."
            " Copy it elsewhere, or run in another folder (--directory)"
        )
    if named := [str(file) for file in recording.files if set("{}") & set(str(file))]:
        raise ConfigError(
            f"base.path: {named[0]!r} has braces, which Snakemake takes for wildcards; give it another name"
        )
    if not recording.samples:
        raise ConfigError(f"base.path {str(study.base.path)!r} holds no sample")
    missing = recording.missing(task_ids, study.sampling.seeds, study.sampling.num_samples)
    if missing:
        first = missing[0]
        recorded = sorted({(one.task_id, one.seed) for one in recording.samples})
        of_set = [one for one in recording.samples if (one.task_id, one.seed) == (first.task_id, first.seed)]
        raise ConfigError(
            f"base.path {str(study.base.path)!r} lacks {len(missing)} samples of this study, first sample"
            f" {first.sample_idx} of {first.task_id}, seed {first.seed}, of which it has {len(of_set)}; it has the"
            f" tasks {', '.join(sorted({task_id for task_id, _ in recorded})[:20])} and the seeds"
            f" {sorted({seed for _, seed in recorded})}. Set tasks.subset, sampling.seeds and sampling.num_samples"
            " to what was recorded"
        )
    return [str(file) for file in recording.files]


def require_demo_tasks(study: StudySettings) -> None:
    """Asked when the demo policy is in the DAG: a study of the control alone needs no model.

    Raises:
        ConfigError: the demo policy does not know the study's tasks.
    """
    if study.tasks.source != "bundled" or study.prompt.style != "forward_body":
        raise ConfigError(
            "base.model demo knows only the bundled tasks in style forward_body; tasks.source is"
            f" {study.tasks.source!r} and prompt.style {study.prompt.style!r}. Name a model, or change these two"
        )


def _task_groups(tasks: TaskSettings, run: RunSettings) -> dict[str, tuple[str, ...]]:
    """Task ids of each trajectory, by what its name has of them."""
    if run.tasks == "each":
        return {f"_{task_id}": (task_id,) for task_id in task_ids(tasks)}
    return {"": _run_tasks(tasks, run.name, "tasks", run.tasks)}


def _run_tasks(tasks: TaskSettings, name: str, key: str, wanted: RunTasks) -> tuple[str, ...]:
    try:
        if wanted == "study":
            return task_ids(tasks)
        return task_ids(tasks.model_copy(update={"subset": wanted}), f"its key {key}")
    except ConfigError as error:
        raise ConfigError(f"run {name!r}: {error}") from error


def _run_sampling(sampling: SamplingSettings, run: RunSettings) -> SamplingSettings:
    drawn = {"temperature": run.temperature, "max_tokens": run.max_tokens}
    changed = {key: value for key, value in drawn.items() if value is not None}
    return sampling.model_copy(update={**changed, "num_samples": run.rollouts_per_task})


def _start_id(sampling: SamplingSettings, of_run: SamplingSettings) -> str:
    """The base policy; sampled otherwise than in the study, it needs a name of its own."""
    if of_run.draw_param() == sampling.draw_param():
        return BASE
    return f"{BASE}_t{of_run.temperature:g}_max{of_run.max_tokens}"


def task_ids(tasks: TaskSettings, key: str = "tasks.subset") -> tuple[str, ...]:
    """Task ids that the study evaluates: `subset` applied; an explicit list keeps its order.

    Args:
        key: what an error calls the subset.

    Raises:
        ConfigError: an id of the list does not exist, or the chosen side of the split is empty.
    """
    ids = locations.problem_ids(tasks)
    if isinstance(tasks.subset, tuple):
        unknown = [problem_id for problem_id in tasks.subset if problem_id not in ids]
        if unknown:
            raise ConfigError(
                f"{key} names {', '.join(map(str, unknown))}, which level {tasks.level} of source"
                f" {tasks.source!r} does not have; it has {locations.abbreviated(ids)}"
            )
        chosen = tasks.subset
    elif tasks.subset == "all":
        chosen = ids
    else:
        train_ids, eval_ids = split_ids(ids, tasks.split_seed)
        chosen = train_ids if tasks.subset == "train" else eval_ids
    if not chosen:
        raise ConfigError(
            f"{key} {tasks.subset!r} is an empty split: level {tasks.level} of source {tasks.source!r} has only"
            f" the problem ids {locations.abbreviated(ids)}; use subset: all, or a level with more problems"
        )
    return tuple(task_id_of(tasks.level, problem_id) for problem_id in chosen)


def chunks(num_samples: int, chunk_size: int) -> range:
    """Numbers of the chunks that together are the first samples of one task and seed."""
    return range(num_samples // chunk_size)


def chunk_of(sample_idx: int, chunk_size: int) -> int:
    """Number of the chunk that a sample was drawn in."""
    return sample_idx // chunk_size


def problem_id_of(task_id: str) -> int:
    """12 for `l1_p012`."""
    return parse_task_id(task_id)[1]
