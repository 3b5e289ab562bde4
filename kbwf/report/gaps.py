"""What a study lacks, in sentences."""

from kbwf.records import CONTROL
from kbwf.records.evaluation import POWER_CAP
from kbwf.report.study import Study

_MAX_GAPS = 5
"""That are named."""


def what_is_missing(study: Study) -> list[str]:
    """A sentence for each thing."""
    said = _gaps(study)
    lacking = study.samples[study.samples["sandbox_lacks"].map(len) > 0]
    if len(lacking):
        defences = dict.fromkeys(each for lacks in lacking["sandbox_lacks"] for each in lacks)
        said.append(
            f"The sandbox of {len(lacking)} of {len(study.samples)} kernels was without {', '.join(defences)}, which"
            " their hosts did not permit; `kbwf doctor` there says how to get it."
        )
    repeated, kept = (study.samples[name] for name in ("num_repeated_blocks", "num_throttled_blocks"))
    throttled = study.samples[repeated + kept > 0]
    if len(throttled):
        reasons = sorted({each for held in throttled["held_back_by"] for each in held if each != POWER_CAP})
        said.append(
            f"The card was throttled ({', '.join(reasons)}) around {repeated.sum() + kept.sum()} blocks of"
            f" {len(throttled)} kernels: {repeated.sum()} were timed again, {kept.sum()} count, since it did not end."
        )
    strategies: dict[str, set[str]] = {}
    for one in study.selections:
        if one.unavailable:
            strategies.setdefault(one.unavailable, set()).add(one.strategy)
    for reason, names in strategies.items():
        said.append(f"Not available: {', '.join(f'`{name}`' for name in sorted(names))}: {reason}.")
    compared = study.compared[study.compared["policy_id"] != CONTROL]
    if compared["seed"].nunique() == 1:
        said.append("The study has one seed, so that the spread over seeds is not known.")
    if len(study.tasks) == 1:
        said.append(
            "The study has one task: intervals over tasks have no width and say"
            " nothing about other tasks, so that nothing is called outside."
        )
    if not study.summaries:
        said.append("The study has no adaptation runs: trajectories, regimes, transfer and probe are empty.")
    return said


def _gaps(study: Study) -> list[str]:
    """Samples that strategies chose from, and that are not among the study's: a file was lost or cut."""
    counts = study.compared.groupby(["policy_id", "task_id", "seed"]).size()
    wanted = {(one.policy_id, one.task_id, one.seed): one.num_samples for one in study.selections}
    gaps = [
        f"{task_id} of `{policy_id}`, seed {seed}, has {found} of {num_samples}"
        for (policy_id, task_id, seed), num_samples in sorted(wanted.items())
        if (found := int(counts.get((policy_id, task_id, seed), 0))) < num_samples
    ]
    more = f", and {len(gaps) - _MAX_GAPS} others" if len(gaps) > _MAX_GAPS else ""
    named = ", ".join(gaps[:_MAX_GAPS])
    return [f"Samples are missing, run the workflow again: {named}{more}."] if gaps else []
