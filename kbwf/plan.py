"""What the configuration means for the DAG: which tasks, policies, chunks and samples there are.

Read by the rule files before anything runs, so it lists folders but opens no problem, and imports neither torch nor
a data set library.
"""

from typing import NamedTuple

from kbwf.errors import ConfigError, KbwfError
from kbwf.policies.table import BACKENDS, Backend
from kbwf.records.origin import BASE, CONTROL
from kbwf.records.task import parse_task_id, task_id_of
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


def policies(study: StudySettings) -> dict[str, PlannedPolicy]:
    """The study's policies by id, the control last; without samples of its own it is left out."""
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


def require_adaptable(policy_id: str, policy: PlannedPolicy) -> None:
    """Asked for the policy that a run of training begins with.

    Raises:
        ConfigError: its backend samples only.
    """
    if not policy.backend.is_adaptable:
        able = [name for name, backend in BACKENDS.items() if backend.is_adaptable]
        raise ConfigError(
            f"policy {policy_id} runs on backend {policy.backend.name!r}, which cannot be trained; set base.backend:"
            f" {' or '.join(able)}, or leave the training out"
        )


def recording_files(study: StudySettings, task_ids: tuple[str, ...]) -> list[str]:
    """Files of the recording that the study replays, after a look at whether it has all samples; else none.

    Raises:
        ConfigError: it does not, or cannot be read.
    """
    if not BACKENDS[study.base.backend].is_recorded or study.base.path is None:
        return []
    from kbwf.policies.replay import read_recording

    try:
        recording = read_recording(study.base.path)
    except KbwfError as error:
        raise ConfigError(str(error)) from error
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


def task_ids(tasks: TaskSettings) -> tuple[str, ...]:
    """Task ids that the study evaluates: `subset` applied; an explicit list keeps its order.

    Raises:
        ConfigError: an id of the list does not exist, or the chosen side of the split is empty.
    """
    ids = locations.problem_ids(tasks)
    if isinstance(tasks.subset, tuple):
        unknown = [problem_id for problem_id in tasks.subset if problem_id not in ids]
        if unknown:
            raise ConfigError(
                f"tasks.subset names {', '.join(map(str, unknown))}, which level {tasks.level} of source"
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
            f"tasks.subset {tasks.subset!r} is an empty split: level {tasks.level} of source {tasks.source!r} has only"
            f" the problem ids {locations.abbreviated(ids)}; use subset: all, or a level with more problems"
        )
    return tuple(task_id_of(tasks.level, problem_id) for problem_id in chosen)


def chunks(sampling: SamplingSettings) -> range:
    """Numbers of the chunks that together are all samples of one task and seed."""
    return range(sampling.num_samples // sampling.chunk_size)


def sample_indices(sampling: SamplingSettings) -> range:
    """Indices of all samples of one policy, task and seed."""
    return range(sampling.num_samples)


def chunk_of(sample_idx: int, chunk_size: int) -> int:
    """Number of the chunk that a sample was drawn in."""
    return sample_idx // chunk_size


def problem_id_of(task_id: str) -> int:
    """12 for `l1_p012`."""
    return parse_task_id(task_id)[1]
