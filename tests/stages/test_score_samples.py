"""Joining samples with evaluations."""

from pathlib import Path

import pytest

from kbwf.errors import RecordError
from kbwf.records import Evaluation, Sample, ScoredSample
from kbwf.stages.score_samples import score_samples
from kbwf.store import read_records, write_record, write_records
from tests.builders import make_evaluation, make_sample, make_timing


def write_chunks(folder: Path, *chunks: list[Sample]) -> list[Path]:
    """One file per chunk."""
    paths = [folder / f"chunk{number}.jsonl" for number in range(len(chunks))]
    for path, chunk in zip(paths, chunks, strict=True):
        write_records(path, chunk)
    return paths


def write_evaluations(folder: Path, *evaluations: Evaluation) -> list[Path]:
    """One file per evaluation."""
    paths = [folder / f"evaluation{number}.json" for number in range(len(evaluations))]
    for path, evaluation in zip(paths, evaluations, strict=True):
        write_record(path, evaluation)
    return paths


def score(samples: list[Path], evaluations: list[Path]) -> list[ScoredSample]:
    """Run the stage and read what it wrote."""
    output = samples[0].parent / "scored.jsonl"
    message = score_samples(samples, evaluations, output)
    scored = read_records(output, ScoredSample)
    assert message == f"{sum(one.evaluation.is_correct for one in scored)} of {len(scored)} correct"
    return scored


def test_samples_meet_their_evaluations_by_index(tmp_path: Path) -> None:
    """Chunks and evaluations in any order give scored samples in ascending order, each with its own evaluation."""
    samples = write_chunks(tmp_path, [make_sample(2), make_sample(3)], [make_sample(0), make_sample(1)])
    evaluations = write_evaluations(tmp_path, *(make_evaluation(idx, make_timing(idx + 1.0)) for idx in (1, 3, 0, 2)))
    scored = score(samples, evaluations)
    assert [one.sample.sample_idx for one in scored] == [0, 1, 2, 3]
    assert [one.evaluation.speedup for one in scored] == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("sampled", "evaluated", "message"),
    [
        ([0, 1, 2], [0], r"without evaluation: \[1, 2\]"),
        ([0], [0, 4], r"evaluated but never sampled: \[4\]"),
        ([0, 1], [0, 1, 1], r"evaluated twice: \[1\]"),
        ([0, 1, 1], [0, 1], r"sampled twice: \[1\]"),
        ([0, 0], [1], r"sampled twice: \[0\]; without evaluation: \[0\]; evaluated but never sampled: \[1\]"),
    ],
)
def test_an_incomplete_join_is_refused(tmp_path: Path, sampled: list[int], evaluated: list[int], message: str) -> None:
    """The error names task, policy, seed and the indices that are missing or double."""
    samples = write_chunks(tmp_path, [make_sample(idx) for idx in sampled])
    evaluations = write_evaluations(tmp_path, *(make_evaluation(idx) for idx in evaluated))
    with pytest.raises(RecordError, match=r"l0_p001, policy base, seed 0: sample indices .*" + message):
        score(samples, evaluations)


def test_records_of_different_seeds_are_not_joined(tmp_path: Path) -> None:
    """Equal indices are not enough: the error lists both sets."""
    samples = write_chunks(tmp_path, [make_sample(0, seed=0)])
    evaluations = write_evaluations(tmp_path, make_evaluation(0, seed=1))
    with pytest.raises(RecordError, match="l0_p001, policy base, seed 0; l0_p001, policy base, seed 1"):
        score(samples, evaluations)


def test_a_missing_evaluation_file_is_named(tmp_path: Path) -> None:
    """The path that does not exist is in the message."""
    with pytest.raises(RecordError, match="absent.json does not exist"):
        score(write_chunks(tmp_path, [make_sample(0)]), [tmp_path / "absent.json"])
