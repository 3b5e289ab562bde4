"""The two sides of a trial, reference and candidate before one bench, and whether what they found is the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kbwf.judge.bench import Bench
from kbwf.judge.candidate import Candidate
from kbwf.judge.reference import Reference
from kbwf.judge.results import Claims
from kbwf.verdict.comparison import Comparison, compare_all
from kbwf.verdict.tolerance import RefError


@dataclass(frozen=True)
class Sides:
    """Who is asked in a trial. Both are given the same inputs, one after the other."""

    bench: Bench
    reference: Reference
    candidate: Candidate

    def compare(self, found: Claims, expected: Claims, ref_errors: Sequence[RefError]) -> list[list[Comparison]]:
        """For each call, and each tensor of its result.

        Args:
            found: the candidate's results of a request.
            expected: the reference's.
            ref_errors: for each call, how far the reference itself may be from the exact answer.

        Raises:
            Rejected: the candidate's are not where it says.
            InfrastructureError: the reference is gone, and its memory with it.
        """
        found_C_L = [self.candidate.results(found, call) for call in range(len(ref_errors))]
        wanted_C_L = [self.reference.results(expected, call) for call in range(len(ref_errors))]
        pairs_C_L = [list(zip(*each, strict=True)) for each in zip(found_C_L, wanted_C_L, strict=True)]
        compared_L_C = [compare_all(pairs_C, ref_errors) for pairs_C in zip(*pairs_C_L, strict=True)]
        return [list(each) for each in zip(*compared_L_C, strict=True)]


def hardened_failure(compared: Iterable[Comparison]) -> str:
    """Of one call's tensors the first that is wrong by the hardened rule, and how; empty if none is."""
    return next(filter(None, (each.hardened_failure for each in compared)), "")


def official_failure(compared: Iterable[Comparison]) -> str:
    """The same by KernelBench's rule."""
    return next(filter(None, (each.official_failure for each in compared)), "")
