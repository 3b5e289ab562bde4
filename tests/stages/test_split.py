"""The split stage."""

from pathlib import Path

import pytest

from kbwf import plan
from kbwf.config import Tasks
from kbwf.errors import TaskError
from kbwf.records import Split
from kbwf.stages.split import freeze_task, make_split


def test_split_of_a_folder_with_100_problems_has_the_published_eval_ids(tmp_path: Path) -> None:
    """Source, counts and ids are recorded, and the record survives its file form."""
    (tmp_path / "level1").mkdir()
    for problem_id in range(1, 101):
        (tmp_path / "level1" / f"{problem_id}_P.py").write_text("")
    split = make_split(Tasks(source="directory", level=1, path=tmp_path))
    assert split.eval_ids == (4, 5, 12, 14, 15, 18, 28, 29, 30, 32, 36, 55, 65, 70, 76, 82, 87, 89, 95, 98)
    assert (split.level, split.split_seed, split.source, split.num_problems) == (1, 42, "directory", 100)
    assert split.revision == "unversioned"
    assert Split.from_json(split.to_json(), "test") == split


def test_bundled_split_divides_what_the_plan_lists() -> None:
    """Plan and record agree, and another seed gives another split."""
    split = make_split(Tasks())
    assert sorted((*split.train_ids, *split.eval_ids)) == list(plan.problem_ids(Tasks()))
    assert make_split(Tasks(split_seed=7)).eval_ids != split.eval_ids


def test_freezing_an_unknown_task_is_a_task_error() -> None:
    """The command line ends with the error's own exit code."""
    assert freeze_task(Tasks(), 1).task_id == "l0_p001"
    with pytest.raises(TaskError, match="problem 999 does not exist"):
        freeze_task(Tasks(), 999)
