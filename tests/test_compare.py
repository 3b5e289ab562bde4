"""Comparing two folders of results."""

from pathlib import Path

import pytest

from kbwf.compare import compare, read_results
from kbwf.errors import KbwfError
from kbwf.records import EvalStatus
from kbwf.settings import ReportSettings
from kbwf.store import write_record, write_records
from tests.builders import make_scored, make_task
from tests.report.studies import Records, samples_of, small_study

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


def test_the_samples_are_those_that_strategies_chose_from(tmp_path: Path) -> None:
    """Of 10, as the selections record; a run that learned from more, or from fewer, of the first left files beside."""
    folder = results(tmp_path, [2.0] * 10)
    for num_rollouts in (9, 12):
        write_records(folder / f"scored/base/l0_p001/seed0/first{num_rollouts}.jsonl", samples_of([0.5] * num_rollouts))
    study = read_results(folder)
    assert (len(study.samples), set(study.samples["speedup"])) == (10, {2.0})


def test_a_task_that_one_machine_cannot_judge_is_left_out(tmp_path: Path) -> None:
    """Its samples, which nobody drew, would count as failures; it is named."""
    folders = [results(tmp_path / name, [2.0, 2.0]) for name in "ab"]
    for folder, status in zip(folders, (EvalStatus.PASSED, EvalStatus.TASK_REFUSED), strict=True):
        is_judged = status == EvalStatus.PASSED
        scored = [make_scored(idx, 2.0 if is_judged else None, status=status, task_id="l0_p002") for idx in range(2)]
        write_records(folder / "scored/base/l0_p002/seed0/first2.jsonl", scored)
        write_records(folder / "selections/base/oracle/seed1.jsonl", Records(scored=scored).selections())
        write_record(folder / "tasks/l0_p002.json", make_task(2))
    text = compare(*folders, [], CFG)
    assert text.count("2 samples of 1 tasks") == 2
    assert "Left out, because the second cannot judge them: l0_p002" in text
    assert "cannot judge" not in compare(folders[0], folders[0], [], CFG)
    assert "| base | correct samples | 1 | 1.000 [1.000, 1.000] | 1.000 [1.000, 1.000] | 0.000" in text


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


def test_a_run_s_chosen_step_is_compared_by_its_fresh_samples(tmp_path: Path) -> None:
    """Not by its rollouts, all of them faster, which it was chosen by. Strategies chose nothing: n/a. A step without
    fresh samples is not there."""
    first, second = results(tmp_path / "a", [0.5, 0.5]), results(tmp_path / "b", [2.0, 2.0])
    (summary,) = small_study(num_tasks=1).summaries
    scores = tuple(one.model_copy(update={"num_samples": 4}) for one in summary.fresh)
    write_record(second / "runs/ttt_seed0/summary.json", summary.model_copy(update={"fresh": scores}))
    for seed, speedups in ((0, [2.0] * 4), (1000, [2.0, 2.0, 2.0, 0.5])):
        scored = samples_of(speedups, "ttt_seed0.step1", seed=seed)
        write_records(second / f"scored/ttt_seed0.step1/l0_p001/seed{seed}/first4.jsonl", scored)
    text = compare(first, second, ["base", "ttt_seed0.step1"], CFG)
    assert "| base, ttt_seed0.step1 | sample fast_1 | 1 | 0.000 [0.000, 0.000] | 0.750" in text
    assert "| base, ttt_seed0.step1 | success of oracle | 0 | n/a |" in text
    assert "has no such number for a task of the other" in text
    with pytest.raises(KbwfError, match=r"has no policy 'ttt_seed0.step2'; it has base, ttt_seed0.step1"):
        compare(first, second, ["base", "ttt_seed0.step2"], CFG)


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    """With what should be given instead."""
    with pytest.raises(KbwfError, match="has no selections; give the folder"):
        read_results(tmp_path)
    folder = results(tmp_path, [2.0])
    for path in (folder / "scored").rglob("*.jsonl"):
        path.unlink()
    with pytest.raises(KbwfError, match="no 1 scored samples of base, l0_p001, seed 0"):
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
