"""What must hold of a plan before anything runs: a policy that can be trained, a recording that has all samples."""

from pathlib import Path

from kbwf.errors import ConfigError, KbwfError
from kbwf.planned import PlannedPolicy
from kbwf.policies.table import BACKENDS
from kbwf.run_settings import RunSettings
from kbwf.settings import StudySettings


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
