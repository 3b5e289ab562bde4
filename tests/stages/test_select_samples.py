"""Selections of all tasks."""

from pathlib import Path

import pytest

from kbwf.errors import RecordError
from kbwf.records import ScoredSample, Selection
from kbwf.settings import SelectionSettings, Strategy
from kbwf.stages.select_samples import select_samples
from kbwf.store import read_records, write_records
from tests.builders import make_scored

CFG = SelectionSettings()


def write_scored(path: Path, *scored: ScoredSample) -> Path:
    """One file of scored samples."""
    write_records(path, scored)
    return path


def select_all(scored: list[Path], strategy: Strategy, settings: SelectionSettings) -> list[Selection]:
    """Run the stage and read what it wrote."""
    output = scored[0].parent / "selections.jsonl"
    select_samples(scored, strategy, settings, output)
    return read_records(output, Selection)


def test_every_task_gets_one_selection_in_order(tmp_path: Path) -> None:
    """Files in any order give selections by task id, also for a task where all failed."""
    second = write_scored(tmp_path / "b", make_scored(0, task_id="l0_p002"), make_scored(1, task_id="l0_p002"))
    first = write_scored(tmp_path / "a", make_scored(0, 1.5), make_scored(1, 2.5))
    selections = select_all([second, first], "oracle", CFG)
    assert [(one.task_id, one.sample_idx) for one in selections] == [("l0_p001", 1), ("l0_p002", None)]


def test_the_configuration_s_surprisal_and_m_are_used(tmp_path: Path) -> None:
    """By sum the longer response is the more surprising; with m = 1 the fastest is out of reach."""
    path = write_scored(tmp_path / "a", make_scored(0, 9.0, (-1.0,)), make_scored(1, 2.0, (-0.5,) * 4))
    by_sum = SelectionSettings(surprisal="sum", top_m=1)
    assert select_all([path], "surprisal", CFG)[0].sample_idx == 0
    assert select_all([path], "surprisal", by_sum)[0].sample_idx == 1
    assert select_all([path], "surprisal_top_m", by_sum)[0].sample_idx == 1
    assert select_all([path], "surprisal_top_m", CFG)[0].sample_idx == 0


def test_files_of_several_seeds_or_of_one_task_twice_are_refused(tmp_path: Path) -> None:
    """The message names what does not belong together, or the file that holds nothing."""
    path = write_scored(tmp_path / "a", make_scored(0))
    other_seed = write_scored(tmp_path / "b", make_scored(0, seed=1, task_id="l0_p002"))
    with pytest.raises(RecordError, match=r"\('base', 0\), \('base', 1\)"):
        select_all([path, other_seed], "oracle", CFG)
    with pytest.raises(RecordError, match="several files of scored samples for l0_p001"):
        select_all([path, path], "oracle", CFG)
    with pytest.raises(RecordError, match=r"empty: .*no samples"):
        select_all([write_scored(tmp_path / "empty")], "oracle", CFG)
