"""Where problems lie and which there are, without opening one: the rule files ask before anything runs."""

import re
from collections.abc import Sequence
from pathlib import Path

from kbwf.errors import ConfigError
from kbwf.settings import TaskSettings

SUITE_FOLDER = Path(__file__).parent / "suite"
"""The bundled problems, in KernelBench's format."""

HUGGINGFACE_LEVEL_SIZES = {1: 100, 2: 100, 3: 50, 4: 20}
"""Problems per level of `ScalingIntelligence/KernelBench`, numbered from 1; the DAG is built without a download."""

_PROBLEM_FILE = re.compile(r"(\d+)_.*\.py")


def problem_ids(tasks: TaskSettings) -> tuple[int, ...]:
    """All problem ids of the level, ascending.

    Raises:
        ConfigError: the folder or level does not exist, holds no problem, or holds two with one number.
    """
    if tasks.source == "huggingface":
        if tasks.level not in HUGGINGFACE_LEVEL_SIZES:
            raise ConfigError(f"tasks.level is {tasks.level}; the data set has levels {list(HUGGINGFACE_LEVEL_SIZES)}")
        return tuple(range(1, HUGGINGFACE_LEVEL_SIZES[tasks.level] + 1))
    return tuple(sorted(_problem_paths(tasks)))


def problem_path(tasks: TaskSettings, problem_id: int) -> Path | None:
    """File of a bundled or directory problem; None for huggingface, and for an id that does not exist."""
    return None if tasks.source == "huggingface" else _problem_paths(tasks).get(problem_id)


def suite_files() -> list[Path]:
    """The bundled suite: its problems, and what is known about them."""
    return sorted([*SUITE_FOLDER.glob("[0-9]*_*.py"), SUITE_FOLDER / "suite.yaml"])


def suite_of(path: Path) -> Path | None:
    """What is known about a bundled problem, besides its file; None for any other."""
    return SUITE_FOLDER / "suite.yaml" if path.parent == SUITE_FOLDER else None


def level_folder(tasks: TaskSettings) -> Path:
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


def abbreviated(ids: Sequence[int]) -> str:
    """Ascending ids for a message, runs shortened: `1-3, 7`."""
    runs: list[list[int]] = []
    for problem_id in ids:
        if runs and problem_id == runs[-1][-1] + 1:
            runs[-1].append(problem_id)
        else:
            runs.append([problem_id])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _problem_paths(tasks: TaskSettings) -> dict[int, Path]:
    folder = level_folder(tasks)
    paths: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if match := _PROBLEM_FILE.fullmatch(path.name):
            problem_id = int(match[1])
            if problem_id == 0:
                raise ConfigError(f"{path} claims problem id 0; ids begin with 1, so rename it")
            if problem_id in paths:
                raise ConfigError(
                    f"{folder}: {paths[problem_id].name} and {path.name} both claim problem id {problem_id}; rename one"
                )
            paths[problem_id] = path
        elif path.suffix == ".py" and path.name[0].isdigit():
            raise ConfigError(f"{path} is not named like a problem's file, 12_Name.py; rename it, or take it away")
    if not paths:
        raise ConfigError(f"{folder} holds no problem; their files are named like 12_Name.py")
    return paths
