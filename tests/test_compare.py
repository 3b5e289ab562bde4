"""Comparing two folders of results."""

from pathlib import Path

import pytest

from kbwf.compare import compare, read_results
from kbwf.errors import KbwfError
from kbwf.settings import ReportSettings
from kbwf.store import write_record, write_records
from tests.builders import make_task
from tests.report.studies import Records, samples_of

CFG = ReportSettings(num_resamples=100)


def results(folder: Path, speedups: list[float | None], policy_id: str = "base") -> Path:
    """A folder as a workflow leaves it: one task, one seed, and a run's first rollout beside all samples."""
    scored = samples_of(speedups, policy_id)
    at = folder / "scored" / policy_id / "l0_p001" / "seed0"
    write_records(at / "first1.jsonl", scored[:1])
    write_records(at / f"first{len(scored)}.jsonl", scored)
    write_records(folder / "selections" / policy_id / "oracle" / "seed0.jsonl", Records(scored=scored).selections())
    write_record(folder / "tasks" / "l0_p001.json", make_task(1))
    return folder


def test_all_samples_of_a_policy_are_read_once(tmp_path: Path) -> None:
    """The file with the most of the first samples counts: 10 is more than 9."""
    folder = results(tmp_path, [2.0] * 10)
    write_records(folder / "scored/base/l0_p001/seed0/first9.jsonl", samples_of([2.0] * 9))
    assert len(read_results(folder).samples) == 10


def test_two_studies_are_compared_by_their_common_policies(tmp_path: Path) -> None:
    """Half of the samples are faster in one, all in the other, of one task, which excludes nothing."""
    text = compare(results(tmp_path / "a", [2.0, 0.5]), results(tmp_path / "b", [2.0, 3.0]), [], CFG)
    assert "2 samples of 1 tasks, on cpu: test, mode full" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| base | sample fast_1 |")]
    assert "| 0.500 [0.500, 0.500] | 1.000 [1.000, 1.000] | 0.500 [0.500, 0.500] | n/a |" in line


def test_policies_without_a_common_name_must_be_named(tmp_path: Path) -> None:
    """Then they are compared; a wrong name gets the right ones."""
    first, second = results(tmp_path / "a", [2.0]), results(tmp_path / "b", [2.0], "ttt")
    with pytest.raises(KbwfError, match="share no policy: base and ttt; name one of each with --policies"):
        compare(first, second, [], CFG)
    assert "| base, ttt | sample fast_1 |" in compare(first, second, ["base", "ttt"], CFG)
    with pytest.raises(KbwfError, match="has no policy 'other'; it has ttt"):
        compare(first, second, ["base", "other"], CFG)


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    """With what should be given instead."""
    with pytest.raises(KbwfError, match="has no selections; give the folder"):
        read_results(tmp_path)
    folder = results(tmp_path, [2.0])
    for path in (folder / "scored").rglob("*.jsonl"):
        path.unlink()
    with pytest.raises(KbwfError, match="no scored samples of base, l0_p001, seed 0"):
        read_results(folder)


def test_a_task_with_another_reference_is_left_out(tmp_path: Path) -> None:
    """Two collections may both have an l0_p001; then only the other task is compared, or nothing."""
    first, second = results(tmp_path / "a", [2.0]), results(tmp_path / "b", [2.0])
    write_record(second / "tasks" / "l0_p001.json", make_task(1, reference_source="# another\n"))
    with pytest.raises(KbwfError, match="share no task"):
        compare(first, second, [], CFG)
    for folder in (first, second):
        scored = samples_of([2.0, 0.5], task=2)
        write_records(folder / "scored/base/l0_p002/seed0/first2.jsonl", scored)
        write_records(folder / "selections/base/oracle/seed1.jsonl", Records(scored=scored).selections())
        write_record(folder / "tasks/l0_p002.json", make_task(2))
    text = compare(first, second, [], CFG)
    assert "Left out, because their references differ: l0_p001" in text
    assert "| base | sample fast_1 | 1 | 0.500 [0.500, 0.500] |" in text
