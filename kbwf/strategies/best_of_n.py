"""Best-of-N: choose one of a task's samples, knowing which are correct.

Strategies of arXiv 2602.07670, all among correct samples only:

    random            any of them; reported as the expected value, not as one draw
    confidence        lowest surprisal
    surprisal         highest surprisal
    surprisal_top_m   fastest of the m with the highest surprisal
    shortest          fewest response tokens
    oracle            fastest of all: an upper bound, not a method

Ties are broken by sample index, never by speedup: a strategy must not see a time that it does not account for.
"""

from collections.abc import Iterable, Sequence
from statistics import fmean

from kbwf.config import Strategy
from kbwf.errors import RecordError
from kbwf.metrics.surprisal import SurprisalKind, surprisal_nats
from kbwf.records import ScoredSample, Selection, Timing


def select(scored: Sequence[ScoredSample], strategy: Strategy, surprisal: SurprisalKind, top_m: int) -> Selection:
    """Choose among all samples of one task, policy and seed; their order does not matter.

    Args:
        surprisal: which negative log-likelihood ranks, and is recorded.
        top_m: m of surprisal_top_m; the other strategies ignore it.

    Raises:
        RecordError: no samples, samples of several tasks, policies or seeds, or one sample twice.
    """
    task_id, policy_id, seed = _origin(scored)
    correct = sorted(
        (one for one in scored if one.evaluation.is_correct), key=lambda one: one.sample.sample_idx
    )  # `min` and stable sorting then prefer the lower index
    chosen: ScoredSample | None
    num_timings_used = 0
    if not correct or strategy == "random":
        chosen = None
    elif strategy == "confidence":
        chosen = min(correct, key=lambda one: surprisal_nats(one.sample, surprisal))
    elif strategy == "surprisal":
        chosen = min(correct, key=lambda one: -surprisal_nats(one.sample, surprisal))
    elif strategy == "surprisal_top_m":
        ranked = sorted(correct, key=lambda one: -surprisal_nats(one.sample, surprisal))[:top_m]
        chosen = min(ranked, key=lambda one: (-_timing(one).speedup, one.sample.sample_idx))
        num_timings_used = len(ranked)
    elif strategy == "shortest":
        chosen = min(correct, key=lambda one: one.sample.num_tokens)
    else:
        chosen = min(correct, key=lambda one: -_timing(one).speedup)
        num_timings_used = len(correct)

    considered = [_timing(one) for one in ([chosen] if chosen else correct)]
    return Selection(
        task_id=task_id,
        policy_id=policy_id,
        seed=seed,
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
        surprisal_nats=surprisal_nats(chosen.sample, surprisal) if chosen else None,
        num_timings_used=num_timings_used,
    )


def best_choice(selections: Iterable[Selection]) -> Selection | None:
    """Of one task's choices under several seeds, the one with the highest lower bound of speedup.

    The lower bound, because the highest of several point estimates would favour the noisiest. Ties go to the lowest
    policy, seed and sample index. None if nothing was chosen.
    """
    chosen = [one for one in selections if one.sample_idx is not None]
    return min(
        chosen, key=lambda one: (-(one.speedup_low or 0.0), one.policy_id, one.seed, one.sample_idx), default=None
    )


def _timing(scored: ScoredSample) -> Timing:
    assert scored.evaluation.timing is not None, "a correct sample has a timing: the record's own rule"
    return scored.evaluation.timing


def _origin(scored: Sequence[ScoredSample]) -> tuple[str, str, int]:
    origins = sorted({(one.sample.task_id, one.sample.policy_id, one.sample.seed) for one in scored})
    if len(origins) != 1:
        raise RecordError(
            f"a selection is made among samples of one task, policy and seed, got {origins or 'no samples'};"
            " pass the file of scored samples of one of them"
        )
    indices = [one.sample.sample_idx for one in scored]
    if len(set(indices)) != len(indices):
        twice = sorted({index for index in indices if indices.count(index) > 1})
        raise RecordError(f"{origins[0]}: samples {twice} occur twice; remove the scored file and run again")
    return origins[0]
