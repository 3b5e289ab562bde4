"""Let a strategy choose one sample of every task."""

from collections import Counter
from pathlib import Path

from kbwf.errors import RecordError
from kbwf.records import ScoredSample, Selection
from kbwf.settings import SelectionSettings, Strategy
from kbwf.store import read_records, write_records
from kbwf.strategies.best_of_n import select


def select_samples(scored_by_task: list[Path], strategy: Strategy, settings: SelectionSettings, output: Path) -> str:
    """Write one selection per task, by ascending task id, for one policy and seed; returns a line for the log.

    Args:
        scored_by_task: one file of scored samples per task.

    Raises:
        RecordError: a file without samples or of several tasks, a task twice, or files of several policies or seeds.
    """
    selections: list[Selection] = []
    for path in scored_by_task:
        try:
            scored = read_records(path, ScoredSample)
            selections.append(select(scored, strategy, settings.surprisal, settings.top_m))
        except RecordError as error:
            raise error if str(path) in str(error) else RecordError(f"{path}: {error}") from error
    origins = sorted({(one.policy_id, one.seed) for one in selections})
    if len(origins) > 1:
        raise RecordError(f"a file of selections belongs to one policy and seed, got {origins}; pass those of one")
    repeated = sorted(task for task, count in Counter(one.task_id for one in selections).items() if count > 1)
    if repeated:
        raise RecordError(f"several files of scored samples for {', '.join(repeated)}; pass one per task")
    selections.sort(key=lambda one: one.task_id)
    write_records(output, selections)
    num_chosen = sum(one.speedup is not None for one in selections)
    return f"{strategy}: {num_chosen} of {len(selections)} tasks have a choice"
