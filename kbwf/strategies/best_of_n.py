"""Best-of-N: choose one of a task's samples, knowing which are correct.

Strategies, all but the last of arXiv 2602.07670, all among correct samples only:

    random            any of them; reported as the expected value, not as one draw
    confidence        lowest surprisal
    surprisal         highest surprisal
    surprisal_top_m   fastest of the m with the highest surprisal
    shortest          fewest response tokens
    oracle            fastest of all: an upper bound, not a method
    surprisal_first   fastest correct of the m samples with the highest surprisal of all, which alone need to be
                      judged: the paper's open question what ranking before judging costs

Ties are broken by sample index, never by speedup: a strategy must not see a time that it does not account for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any, assert_never

from kbwf.errors import RecordError
from kbwf.metrics.surprisal import SurprisalKind, surprisal_nats
from kbwf.records import Confirmation, ConfirmedKernel, SampleSet, ScoredSample, Selection, Timing
from kbwf.settings import Strategy

Confirmed = Callable[[Selection], ConfirmedKernel | None]
RANKED_BY_SURPRISAL: frozenset[Strategy] = frozenset({"confidence", "surprisal", "surprisal_top_m", "surprisal_first"})


def select(scored: Sequence[ScoredSample], strategy: Strategy, surprisal: SurprisalKind, top_m: int) -> Selection:
    """Choose among all samples of one task, policy and seed; their order does not matter.

    A strategy that ranks by surprisal chooses nothing if the policy gave no log-probabilities, nor does one that ranks
    by length if it counted no tokens; the selection says so.

    Args:
        surprisal: which negative log-likelihood ranks, and is recorded.
        top_m: m of surprisal_top_m and surprisal_first; the other strategies ignore it.

    Raises:
        RecordError: no samples, samples of several tasks, policies or seeds, or one sample twice.
    """
    sample_set = _sample_set(scored)
    judged = _first_by_surprisal(scored, surprisal, top_m) if strategy == "surprisal_first" else scored
    correct = sorted(
        (one for one in judged if one.evaluation.is_correct), key=lambda one: one.sample.sample_idx
    )  # `min` and stable sorting then prefer the lower index
    surprisals = {one.sample.sample_idx: surprisal_nats(one.sample, surprisal) for one in correct}
    known = {index: nats for index, nats in surprisals.items() if nats is not None}
    unavailable = ""
    chosen: ScoredSample | None
    num_timings_used = 0
    if not correct or strategy == "random":
        chosen = None
    elif strategy in RANKED_BY_SURPRISAL and len(known) < len(surprisals):  # of one policy all are known, or none
        chosen = None
        unavailable = f"policy {sample_set.policy_id} gives no log-probabilities at temperature 1"
    elif strategy == "confidence":
        chosen = min(correct, key=lambda one: known[one.sample.sample_idx])
    elif strategy == "surprisal":
        chosen = min(correct, key=lambda one: -known[one.sample.sample_idx])
    elif strategy == "surprisal_top_m":
        ranked = sorted(correct, key=lambda one: -known[one.sample.sample_idx])[:top_m]
        chosen = min(ranked, key=lambda one: (-_timing(one).speedup, one.sample.sample_idx))
        num_timings_used = len(ranked)
    elif strategy == "shortest":
        lengths = {one.sample.sample_idx: one.sample.num_tokens for one in correct}
        counted = {index: num_tokens for index, num_tokens in lengths.items() if num_tokens is not None}
        chosen = None
        if len(counted) < len(lengths):
            unavailable = f"policy {sample_set.policy_id} tells no number of tokens"
        else:
            chosen = min(correct, key=lambda one: counted[one.sample.sample_idx])
    elif strategy == "oracle" or strategy == "surprisal_first":  # of whose samples only m were judged
        chosen = min(correct, key=lambda one: -_timing(one).speedup)
        num_timings_used = len(correct)
    else:
        assert_never(strategy)

    considered = [] if unavailable else [_timing(one) for one in ([chosen] if chosen else correct)]
    return Selection(
        **sample_set._asdict(),
        strategy=strategy,
        surprisal=surprisal,
        num_samples=len(scored),
        num_correct=len(correct),
        sample_idx=chosen.sample.sample_idx if chosen else None,
        fast_1=fmean(timing.speedup > 1 for timing in considered) if considered else 0.0,
        confident_fast_1=fmean(timing.speedup_low > 1 for timing in considered) if considered else 0.0,
        speedup=fmean(timing.speedup for timing in considered) if considered else None,
        speedup_low=_timing(chosen).speedup_low if chosen else None,
        speedup_high=_timing(chosen).speedup_high if chosen else None,
        surprisal_nats=surprisals[chosen.sample.sample_idx] if chosen else None,
        unavailable=unavailable,
        num_timings_used=num_timings_used,
        num_evaluations_used=len(judged),
    )


def _first_by_surprisal(scored: Sequence[ScoredSample], surprisal: SurprisalKind, m: int) -> Sequence[ScoredSample]:
    """The m samples with the highest surprisal, whatever the judge says of them; without log-probabilities, all."""
    surprisals = {one.sample.sample_idx: surprisal_nats(one.sample, surprisal) for one in scored}
    known = {index: nats for index, nats in surprisals.items() if nats is not None}
    if len(known) < len(surprisals):
        return scored
    return sorted(scored, key=lambda one: (-known[one.sample.sample_idx], one.sample.sample_idx))[:m]


def best_choice(selections: Iterable[Selection], confirmed: Confirmed = lambda _: None) -> Selection | None:
    """Of one task's choices under several seeds, the one with the highest lower bound of speedup.

    The lower bound, because the highest of several point estimates would favour the noisiest; of the confirmed speedup,
    where chosen kernels were measured again, and those that are right then come first. Ties go to the lowest policy,
    seed and sample index. None if nothing was chosen.
    """

    def rank(one: Selection) -> tuple[Any, ...]:
        kernel = confirmed(one)
        is_worse = kernel is not None and kernel.speedup_low is None
        low = kernel.speedup_low if kernel is not None and kernel.speedup_low is not None else one.speedup_low
        return is_worse, -(low or 0.0), one.policy_id, one.seed, one.sample_idx

    return min((one for one in selections if one.sample_idx is not None), key=rank, default=None)


def look_up(confirmations: Iterable[Confirmation]) -> Confirmed:
    """What became of a chosen kernel; None if nothing was chosen, or chosen kernels were not measured again."""
    by_set = {one.sample_set: one for one in confirmations}

    def confirmed(selection: Selection) -> ConfirmedKernel | None:
        confirmation = by_set.get(selection.sample_set)
        return confirmation.of_sample(selection.sample_idx) if confirmation else None

    return confirmed


def _timing(scored: ScoredSample) -> Timing:
    assert scored.evaluation.timing is not None, "a correct sample has a timing: the record's own rule"
    return scored.evaluation.timing


def _sample_set(scored: Sequence[ScoredSample]) -> SampleSet:
    sample_sets = sorted({one.sample_set for one in scored})
    if len(sample_sets) != 1:
        found = "; ".join(map(str, sample_sets)) or "no samples"
        raise RecordError(
            f"a selection is made among samples of one task, policy and seed, got {found}; pass the file of scored"
            " samples of one of them"
        )
    twice = sorted(idx for idx, count in Counter(one.sample.sample_idx for one in scored).items() if count > 1)
    if twice:
        raise RecordError(f"{sample_sets[0]}: samples {twice} occur twice; remove the scored file and run again")
    return sample_sets[0]
