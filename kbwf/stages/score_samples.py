"""Join each sample with its evaluation."""

from collections import Counter
from pathlib import Path

from kbwf.errors import RecordError
from kbwf.records import Evaluation, Sample, SampleSet, ScoredSample
from kbwf.store import read_record, read_records, write_records


def score_samples(samples_paths: list[Path], evaluation_paths: list[Path], output: Path) -> str:
    """Join samples (JSON lines, one file per chunk) with evaluations (one file per sample) of a task, policy and seed,
    and write them by ascending sample index; returns a line for the log.

    Raises:
        RecordError: a sample without evaluation, an evaluation without sample, one of either twice, or records of
            different tasks, policies or seeds; the message names them.
    """
    samples = [sample for path in samples_paths for sample in read_records(path, Sample)]
    scored = joined(samples, [read_record(path, Evaluation) for path in evaluation_paths])
    write_records(output, scored)
    return f"{sum(each.evaluation.is_correct for each in scored)} of {len(scored)} correct"


def joined(samples: list[Sample], evaluations: list[Evaluation]) -> list[ScoredSample]:
    """See `score_samples`."""
    sample_set = _only_set(samples, evaluations)
    sample_by_idx = {sample.sample_idx: sample for sample in samples}
    evaluation_by_idx = {evaluation.sample_idx: evaluation for evaluation in evaluations}
    problems = {
        "sampled twice": _repeated(samples),
        "evaluated twice": _repeated(evaluations),
        "without evaluation": sorted(sample_by_idx.keys() - evaluation_by_idx.keys()),
        "evaluated but never sampled": sorted(evaluation_by_idx.keys() - sample_by_idx.keys()),
    }
    found = [f"{problem}: {indices}" for problem, indices in problems.items() if indices]
    if found:
        raise RecordError(
            f"{sample_set}: sample indices {'; '.join(found)}."
            " Pass all chunks and exactly one evaluation per sample, or remove these records and run the workflow again"
        )
    return [ScoredSample(sample=sample_by_idx[idx], evaluation=evaluation_by_idx[idx]) for idx in sorted(sample_by_idx)]


def _only_set(samples: list[Sample], evaluations: list[Evaluation]) -> SampleSet:
    sample_sets = sorted({one.sample_set for one in (*samples, *evaluations)})
    if len(sample_sets) != 1:
        found = "; ".join(map(str, sample_sets)) or "no records"
        raise RecordError(f"records of one task, policy and seed are joined, got {found}; pass those of one")
    return sample_sets[0]


def _repeated(records: list[Sample] | list[Evaluation]) -> list[int]:
    return sorted(idx for idx, count in Counter(record.sample_idx for record in records).items() if count > 1)
