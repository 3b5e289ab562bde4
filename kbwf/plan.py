"""What the configuration means for the DAG: which tasks, chunks and samples there are.

Read by the rule files before anything runs, so it lists folders but opens no problem, and imports neither torch nor
a data set library.
"""

import random
import re
from collections.abc import Sequence
from pathlib import Path

from kbwf.config import Sampling, Tasks
from kbwf.errors import ConfigError
from kbwf.records.task import task_id_of

SUITE_FOLDER = Path(__file__).parent / "tasks" / "suite"
"""The bundled problems, in KernelBench's format."""

HUGGINGFACE_LEVEL_SIZES = {1: 100, 2: 100, 3: 50, 4: 20}
"""Problems per level of `ScalingIntelligence/KernelBench`, numbered from 1; the DAG is built without a download."""

_PROBLEM_FILE = re.compile(r"([1-9]\d*)_.*\.py")


def problem_ids(tasks: Tasks) -> tuple[int, ...]:
    """All problem ids of the level, ascending.

    Raises:
        ConfigError: the folder or level does not exist, holds no problem, or holds two with one number.
    """
    if tasks.source == "huggingface":
        if tasks.level not in HUGGINGFACE_LEVEL_SIZES:
            raise ConfigError(f"tasks.level is {tasks.level}; the data set has levels {list(HUGGINGFACE_LEVEL_SIZES)}")
        return tuple(range(1, HUGGINGFACE_LEVEL_SIZES[tasks.level] + 1))
    return tuple(sorted(_problem_paths(tasks)))


def split_ids(ids: Sequence[int], split_seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Train and eval ids, each ascending: the sorted unique ids are shuffled, the first 80 % (rounded down) train.

    The order of `random.Random(seed).shuffle` is part of the published split and the same on every platform.
    """
    shuffled = sorted(set(ids))
    random.Random(split_seed).shuffle(shuffled)
    num_train = int(len(shuffled) * 0.8)
    return tuple(sorted(shuffled[:num_train])), tuple(sorted(shuffled[num_train:]))


def task_ids(tasks: Tasks) -> tuple[str, ...]:
    """Task ids that the study evaluates: `subset` applied; an explicit list keeps its order.

    Raises:
        ConfigError: an id of the list does not exist, or the chosen side of the split is empty.
    """
    ids = problem_ids(tasks)
    if isinstance(tasks.subset, tuple):
        unknown = [problem_id for problem_id in tasks.subset if problem_id not in ids]
        if unknown:
            raise ConfigError(
                f"tasks.subset names {', '.join(map(str, unknown))}, which level {tasks.level} of source"
                f" {tasks.source!r} does not have; it has {abbreviated(ids)}"
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
            f" the problem ids {abbreviated(ids)}; use subset: all, or a level with more problems"
        )
    return tuple(task_id_of(tasks.level, problem_id) for problem_id in chosen)


def problem_path(tasks: Tasks, problem_id: int) -> Path | None:
    """File of a bundled or directory problem; None for huggingface, and for an id that does not exist."""
    return None if tasks.source == "huggingface" else _problem_paths(tasks).get(problem_id)


def level_folder(tasks: Tasks) -> Path:
    """Folder with the level's problem files, for bundled and directory.

    Raises:
        ConfigError: `tasks.path` holds the level neither itself nor in `KernelBench/`.
    """
    if tasks.path is None:
        return SUITE_FOLDER
    root = tasks.path.expanduser()
    for parent in (root, root / "KernelBench"):
        if (parent / f"level{tasks.level}").is_dir():
            return parent / f"level{tasks.level}"
    if not root.is_dir():
        raise ConfigError(f"tasks.path {str(root)!r} is no folder; give the folder of a KernelBench checkout")
    levels = sorted(found.name for parent in (root, root / "KernelBench") for found in parent.glob("level[0-9]*"))
    raise ConfigError(
        f"tasks.path {str(root)!r} holds no level{tasks.level}/, nor does KernelBench/ in it"
        f" (found: {', '.join(levels) or 'no levels'}); give the folder of a KernelBench checkout, or another level"
    )


def chunks(sampling: Sampling) -> range:
    """Numbers of the chunks that together are all samples of one task and seed."""
    return range(sampling.num_samples // sampling.chunk_size)


def sample_indices(sampling: Sampling) -> range:
    """Indices of all samples of one policy, task and seed."""
    return range(sampling.num_samples)


def chunk_of(sample_idx: int, chunk_size: int) -> int:
    """Number of the chunk that a sample was drawn in."""
    return sample_idx // chunk_size


def abbreviated(ids: Sequence[int]) -> str:
    """Ascending ids for a message, runs shortened: `1-3, 7`."""
    runs: list[list[int]] = []
    for problem_id in ids:
        if runs and problem_id == runs[-1][-1] + 1:
            runs[-1].append(problem_id)
        else:
            runs.append([problem_id])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _problem_paths(tasks: Tasks) -> dict[int, Path]:
    folder = level_folder(tasks)
    paths: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if match := _PROBLEM_FILE.fullmatch(path.name):
            problem_id = int(match[1])
            if problem_id in paths:
                raise ConfigError(
                    f"{folder}: {paths[problem_id].name} and {path.name} both claim problem id {problem_id}; rename one"
                )
            paths[problem_id] = path
    if not paths:
        raise ConfigError(f"{folder} holds no problem; their files are named like 12_Name.py")
    return paths
