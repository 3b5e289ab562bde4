"""Where problems lie."""

from pathlib import Path

import pytest

from kbwf.errors import ConfigError
from kbwf.settings import TaskSettings
from kbwf.tasks import locations
from tests.builders import level_folder_with


def test_bundled_suite_has_at_least_14_consecutive_problems() -> None:
    """Level 0 is numbered from 1 without gaps."""
    ids = locations.problem_ids(TaskSettings())
    assert len(ids) >= 14
    assert ids == tuple(range(1, len(ids) + 1))


def test_huggingface_levels_have_known_sizes() -> None:
    """The DAG needs no download."""
    sizes = [len(locations.problem_ids(TaskSettings(source="huggingface", level=level))) for level in (1, 2, 3, 4)]
    assert sizes == [100, 100, 50, 20]
    assert locations.problem_path(TaskSettings(source="huggingface", level=1), 1) is None


def test_unknown_huggingface_level_is_a_config_error() -> None:
    """KernelBench has no level 5."""
    with pytest.raises(ConfigError, match=r"tasks.level is 5"):
        locations.problem_ids(TaskSettings(source="huggingface", level=5))


def test_folder_is_found_directly_and_inside_a_checkout(tmp_path: Path) -> None:
    """`path` is the folder with level1/, or the checkout's root."""
    level_folder_with(tmp_path / "KernelBench", "12_A_.py", "2_B.py", "readme.md", "x_3.py")
    for path in (tmp_path, tmp_path / "KernelBench"):
        tasks = TaskSettings(source="directory", level=1, path=path)
        assert locations.problem_ids(tasks) == (2, 12)
        assert locations.problem_path(tasks, 12) == tmp_path / "KernelBench" / "level1" / "12_A_.py"
        assert locations.problem_path(tasks, 3) is None


def test_missing_folder_or_level_names_what_was_found(tmp_path: Path) -> None:
    """The message says which levels there are instead."""
    with pytest.raises(ConfigError, match="is no folder"):
        locations.problem_ids(TaskSettings(source="directory", level=1, path=tmp_path / "absent"))
    level_folder_with(tmp_path, "1_A.py")
    with pytest.raises(ConfigError, match=r"holds no level3/.*found: level1"):
        locations.problem_ids(TaskSettings(source="directory", level=3, path=tmp_path))


def test_level_without_problems_and_number_given_twice_are_config_errors(tmp_path: Path) -> None:
    """An ambiguous number must not be resolved by chance."""
    with pytest.raises(ConfigError, match="holds no problem"):
        locations.problem_ids(level_folder_with(tmp_path / "a", "notes.txt"))
    with pytest.raises(ConfigError, match=r"1_A\.py and 1_B\.py both claim problem id 1"):
        locations.problem_ids(level_folder_with(tmp_path / "b", "1_A.py", "1_B.py"))


def test_ids_are_abbreviated_by_runs() -> None:
    """Messages stay short for a hundred ids."""
    assert locations.abbreviated((1, 2, 3, 7, 9, 10)) == "1-3, 7, 9-10"


def test_what_is_known_about_a_problem_belongs_to_the_bundled_suite_alone(tmp_path: Path) -> None:
    """The suite's description stands beside its problems; a problem of one's own has none."""
    path = locations.problem_path(TaskSettings(), 1)
    assert path is not None
    assert locations.suite_of(path) == locations.SUITE_FOLDER / "suite.yaml"
    assert {path, locations.SUITE_FOLDER / "suite.yaml"} <= set(locations.suite_files())
    assert locations.suite_of(tmp_path / "1_A.py") is None
