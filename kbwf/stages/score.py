"""Score: join each sample with its evaluation."""

from collections import Counter
from pathlib import Path

from kbwf.errors import RecordError
from kbwf.records import Evaluation, Sample, ScoredSample
from kbwf.store import read_record, read_records


def score(samples_paths: list[Path], evaluation_paths: list[Path]) -> list[ScoredSample]:
    """Join samples (JSON lines, one file per chunk) with evaluations (one file per sample) of a task, policy and seed.

    Returns:
        Scored samples by ascending sample index.

    Raises:
        RecordError: a sample without evaluation, an evaluation without sample, one of either twice, or records of
            different tasks, policies or seeds; the message names them.
    """
    samples = [sample for path in samples_paths for sample in read_records(path, Sample)]
    evaluations = [read_record(path, Evaluation) for path in evaluation_paths]
    records: list[Sample | Evaluation] = [*samples, *evaluations]
    origins = sorted({(one.task_id, one.policy_id, one.seed) for one in records})
    if len(origins) > 1:
        raise RecordError(f"records of several (task, policy, seed) cannot be joined: {origins}; pass those of one")
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
        task_id, policy_id, seed = origins[0]
        raise RecordError(
            f"{task_id}, policy {policy_id}, seed {seed}: sample indices {'; '.join(found)}."
            " Pass all chunks and exactly one evaluation per sample, or remove these records and run the workflow again"
        )
    return [ScoredSample(sample=sample_by_idx[idx], evaluation=evaluation_by_idx[idx]) for idx in sorted(sample_by_idx)]


def _repeated(records: list[Sample] | list[Evaluation]) -> list[int]:
    return sorted(idx for idx, count in Counter(record.sample_idx for record in records).items() if count > 1)
