"""The split."""

from pathlib import Path

from kbwf.records import Split
from kbwf.settings import TaskSettings
from kbwf.stages.make_split import make_split
from kbwf.store import read_record
from kbwf.tasks import locations


def split_of(tasks: TaskSettings, folder: Path) -> Split:
    """The split as it was written."""
    message = make_split(tasks, folder / "split.json")
    split = read_record(folder / "split.json", Split)
    assert message == f"{len(split.train_ids)} train and {len(split.eval_ids)} eval tasks"
    return split


def test_split_of_a_folder_with_100_problems_has_the_published_eval_ids(tmp_path: Path) -> None:
    """Source, counts and ids are recorded."""
    (tmp_path / "level1").mkdir()
    for problem_id in range(1, 101):
        (tmp_path / "level1" / f"{problem_id}_P.py").write_text("")
    split = split_of(TaskSettings(source="directory", level=1, path=tmp_path), tmp_path)
    assert split.eval_ids == (4, 5, 12, 14, 15, 18, 28, 29, 30, 32, 36, 55, 65, 70, 76, 82, 87, 89, 95, 98)
    assert (split.level, split.split_seed, split.source, split.num_problems) == (1, 42, "directory", 100)
    assert split.revision == "unversioned"


def test_bundled_split_divides_what_the_plan_lists(tmp_path: Path) -> None:
    """Plan and record agree, and another seed gives another split."""
    split = split_of(TaskSettings(), tmp_path)
    assert sorted((*split.train_ids, *split.eval_ids)) == list(locations.problem_ids(TaskSettings()))
    assert split_of(TaskSettings(split_seed=7), tmp_path).eval_ids != split.eval_ids
