"""What the configuration means for the DAG: which tasks, policies, chunks and samples there are.

Read by the rule files before anything runs, so it lists folders but opens no problem, and imports neither torch nor
a data set library.
"""

from kbwf.errors import ConfigError
from kbwf.plan_checks import require_adaptable
from kbwf.planned import PlannedPolicy, PlannedRun
from kbwf.policies.table import BACKENDS
from kbwf.records.origin import BASE, CONTROL
from kbwf.records.task import parse_task_id, task_id_of
from kbwf.run_settings import RunSettings, RunTasks
from kbwf.settings import CONTROL_CHUNK_SIZE, SamplingSettings, StudySettings, TaskSettings
from kbwf.tasks import locations
from kbwf.tasks.splits import split_ids


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
