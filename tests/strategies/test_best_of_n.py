"""Best-of-N strategies."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbwf.errors import RecordError
from kbwf.records import ScoredSample
from kbwf.settings import Strategy
from kbwf.strategies.best_of_n import best_choice, select
from tests.builders import make_scored, make_selection

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
RANKINGS = sorted(set(STRATEGIES) - {"random", "oracle", "surprisal_top_m", "surprisal_first"})
"""Those that look at no time: a new strategy is one of them, or is named here."""

SAMPLES = [
    make_scored(0, 0.5, (-1.0, -1.0)),  # mean 1.0, sum 2.0
    make_scored(1, 3.0, (-0.5,) * 6, low=0.9, high=4.0),  # mean 0.5, sum 3.0
    make_scored(2, None, (-9.0,)),  # the most surprising, but failed
    make_scored(3, 2.0, (-0.8,) * 3, low=1.5, high=2.5),  # mean 0.8, sum 2.4
]


def choose(strategy: Strategy, samples: list[ScoredSample] = SAMPLES, top_m: int = 2) -> int | None:
    """Index of the chosen sample, ranked by mean surprisal."""
    return select(samples, strategy, "mean", top_m).sample_idx


def test_each_strategy_chooses_as_methods_say() -> None:
    """Lowest surprisal, highest, fastest of the two highest, shortest, fastest, among the correct samples."""
    assert choose("confidence") == 1
    assert choose("surprisal") == 0
    assert choose("surprisal_top_m") == 3
    assert choose("surprisal_top_m", top_m=1) == 0
    assert choose("shortest") == 0
    assert choose("oracle") == 1


def test_the_sum_ranks_otherwise_than_the_mean() -> None:
    """By sum, sample 1 is the most surprising and sample 0 the least."""
    assert select(SAMPLES, "surprisal", "sum", 2).sample_idx == 1
    assert select(SAMPLES, "confidence", "sum", 2).sample_idx == 0
    assert select(SAMPLES, "surprisal", "sum", 2).surprisal_nats == pytest.approx(3.0)


def test_a_choice_carries_its_sample_s_numbers() -> None:
    """Speedup, interval, surprisal and counts are those of the chosen sample and its group."""
    selection = select(SAMPLES, "oracle", "mean", 2)
    assert (selection.speedup, selection.speedup_low, selection.speedup_high) == (3.0, 0.9, 4.0)
    assert (selection.fast_1, selection.confident_fast_1) == (1, 0)
    assert selection.surprisal_nats == pytest.approx(0.5)
    assert (selection.num_samples, selection.num_correct) == (4, 3)


def test_random_is_an_expected_value() -> None:
    """Of three correct samples two are faster and one confidently; the speedup is their mean."""
    selection = select(SAMPLES, "random", "mean", 2)
    assert selection.sample_idx is None
    assert selection.fast_1 == pytest.approx(2 / 3)
    assert selection.confident_fast_1 == pytest.approx(1 / 3)
    assert selection.speedup == pytest.approx(5.5 / 3)
    assert selection.speedup_low is None and selection.surprisal_nats is None


def test_a_strategy_accounts_for_the_times_it_looked_at() -> None:
    """None for rankings, m for top-m (fewer if fewer are correct), all correct for the oracle."""
    used = {strategy: select(SAMPLES, strategy, "mean", 2).num_timings_used for strategy in STRATEGIES}
    assert used == {
        "random": 0, "confidence": 0, "surprisal": 0, "surprisal_top_m": 2, "shortest": 0, "oracle": 3,
        "surprisal_first": 1,
    }  # fmt: skip
    assert select(SAMPLES, "surprisal_top_m", "mean", 9).num_timings_used == 3


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_task_without_a_correct_sample_has_no_choice(strategy: Strategy) -> None:
    """Nothing is chosen, success is 0, and no time was looked at."""
    selection = select([make_scored(0), make_scored(1)], strategy, "mean", 3)
    assert (selection.sample_idx, selection.speedup, selection.fast_1) == (None, None, 0)
    assert (selection.num_samples, selection.num_correct, selection.num_timings_used) == (2, 0, 0)


@pytest.mark.parametrize("strategy", [*RANKINGS, "surprisal_top_m"])
def test_ties_go_to_the_lower_index_not_to_the_faster(strategy: Strategy) -> None:
    """Two samples that rank equal: the first is chosen although the second is faster (m = 1 for top-m)."""
    tied = [make_scored(7, 9.0, (-1.0,)), make_scored(4, 0.5, (-1.0,))]
    assert select(tied, strategy, "mean", 1).sample_idx == 4


def test_equal_speedups_go_to_the_lower_index() -> None:
    """The oracle and top-m prefer, of equally fast samples, the first drawn, not the more surprising."""
    tied = [make_scored(5, 2.0, (-3.0,)), make_scored(2, 2.0, (-1.0,)), make_scored(3, 1.0, (-2.0,))]
    assert choose("oracle", tied) == 2
    assert choose("surprisal_top_m", tied, top_m=3) == 2


def test_a_speedup_of_exactly_1_is_no_success() -> None:
    """Selection is as strict as fast_p."""
    assert select([make_scored(0, 1.0)], "oracle", "mean", 1).fast_1 == 0
    assert select([make_scored(0, 1.0)], "random", "mean", 1).fast_1 == 0


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "no samples"),
        ([make_scored(0, seed=0), make_scored(1, seed=1)], "one task, policy and seed"),
        ([make_scored(0, task_id="l0_p001"), make_scored(0, task_id="l0_p002")], "l0_p002"),
        ([make_scored(3), make_scored(3)], r"\[3\] occur twice"),
    ],
)
def test_a_wrong_group_of_samples_is_refused(samples: list[ScoredSample], message: str) -> None:
    """No samples, several origins, or a sample twice: the message names it."""
    with pytest.raises(RecordError, match=message):
        select(samples, "oracle", "mean", 3)


@st.composite
def groups(draw: st.DrawFn) -> list[ScoredSample]:
    """Up to eight samples with few distinct speedups and surprisals, so that ties are common."""
    outcomes = draw(
        st.lists(
            st.tuples(
                st.sampled_from([None, 0.5, 1.0, 1.5, 4.0]),
                st.lists(st.sampled_from([-0.5, -1.0, -2.0]), max_size=4),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return [make_scored(idx, speedup, tuple(logprobs)) for idx, (speedup, logprobs) in enumerate(outcomes)]


@given(groups(), st.sampled_from(STRATEGIES), st.integers(1, 9))
def test_a_strategy_never_picks_a_failed_sample(samples: list[ScoredSample], strategy: Strategy, top_m: int) -> None:
    """Whatever the samples, the choice is correct, and there is one if any sample is correct."""
    selection = select(samples, strategy, "mean", top_m)
    correct = {one.sample.sample_idx for one in samples if one.evaluation.is_correct}
    if correct and strategy != "random":
        assert selection.sample_idx in correct
    else:
        assert selection.sample_idx is None


@given(groups(), st.sampled_from(STRATEGIES), st.sampled_from(["mean", "sum"]), st.integers(1, 9))
def test_no_strategy_beats_the_oracle(samples: list[ScoredSample], strategy: Strategy, kind: str, top_m: int) -> None:
    """The oracle's speedup and success are at least those of every other strategy."""
    other = select(samples, strategy, kind, top_m)  # type: ignore[arg-type]
    oracle = select(samples, "oracle", "mean", top_m)
    assert oracle.fast_1 >= other.fast_1
    assert (oracle.speedup or 0) >= (other.speedup or 0) - 1e-12


@given(groups(), st.sampled_from(STRATEGIES), st.integers(0, 2**32), st.integers(1, 9))
def test_the_order_of_samples_does_not_matter(
    samples: list[ScoredSample], strategy: Strategy, order: int, top_m: int
) -> None:
    """A shuffled list gives the same selection."""
    shuffled = random.Random(order).sample(samples, len(samples))
    assert select(shuffled, strategy, "mean", top_m) == select(samples, strategy, "mean", top_m)


@given(groups(), st.sampled_from(RANKINGS), st.lists(st.floats(0.1, 9), min_size=8))
def test_a_ranking_does_not_see_the_times(
    samples: list[ScoredSample], strategy: Strategy, speedups: list[float]
) -> None:
    """Other speedups for the same correct samples leave the choice of a ranking as it is."""
    retimed = [
        make_scored(one.sample.sample_idx, new if one.evaluation.is_correct else None, one.sample.policy_logprobs_T)
        for one, new in zip(samples, speedups, strict=False)
    ]
    assert choose(strategy, retimed) == choose(strategy, samples)


def test_the_best_over_seeds_has_the_highest_lower_bound() -> None:
    """A certain 2.0 is preferred to an uncertain 5.0; seeds without a choice play no part."""
    certain = make_selection(2.0, low=1.9, seed=1)
    assert best_choice([make_selection(5.0, low=1.1, seed=0), certain, make_selection(None, seed=2)]) == certain


def test_equally_good_choices_go_to_the_lowest_seed() -> None:
    """Ties between seeds are broken by seed, in any order of the list."""
    first, second = make_selection(2.0, seed=0), make_selection(2.0, seed=1)
    assert best_choice([second, first]) == first
    assert best_choice([make_selection(None)]) is None
    assert best_choice([]) is None


@pytest.mark.parametrize("strategy", sorted(set(STRATEGIES) - {"random", "oracle", "shortest"}))
def test_without_log_probabilities_nothing_is_ranked_by_surprisal(strategy: Strategy) -> None:
    """One sample without them is enough: the selection chooses nothing and says why. Other strategies choose."""
    scored = [make_scored(0, 2.0), make_scored(1, 3.0)]
    silent = scored[1].sample.model_copy(update={"policy_logprobs_T": None})
    scored[1] = scored[1].model_copy(update={"sample": silent})
    selection = select(scored, strategy, "mean", 3)
    assert selection.unavailable == "policy base gives no log-probabilities at temperature 1"
    assert (selection.sample_idx, selection.speedup, selection.fast_1, selection.num_correct) == (None, None, 0.0, 2)
    oracle = select(scored, "oracle", "mean", 3)
    assert (oracle.sample_idx, oracle.surprisal_nats, oracle.unavailable) == (1, None, "")


def test_without_a_number_of_tokens_none_is_the_shortest() -> None:
    """One sample that nobody counted is enough; a count without tokens is one."""
    scored = [make_scored(0, 2.0), make_scored(1, 3.0)]
    without = {"token_ids_T": None, "policy_logprobs_T": None, "sampling_logprobs_T": None}
    for count, chosen, reason in ((None, None, "policy base tells no number of tokens"), (1, 1, "")):
        sample = scored[1].sample.model_copy(update={**without, "num_reported_tokens": count})
        selection = select([scored[0], scored[1].model_copy(update={"sample": sample})], "shortest", "mean", 3)
        assert (selection.sample_idx, selection.unavailable) == (chosen, reason)


def test_surprisal_first_has_only_the_most_surprising_judged() -> None:
    """Of five samples the three with the highest surprisal, one of them wrong; the fastest of the two others wins."""
    scored = [
        make_scored(0, 9.0, (-0.1,)),
        make_scored(1, None, (-5.0,)),
        make_scored(2, 1.5, (-4.0,)),
        make_scored(3, 2.0, (-3.0,)),
        make_scored(4, 3.0, (-2.0,)),
    ]
    chosen = select(scored, "surprisal_first", "mean", 3)
    assert (chosen.sample_idx, chosen.speedup) == (3, 2.0)
    assert (chosen.num_samples, chosen.num_correct) == (5, 2)
    assert (chosen.num_evaluations_used, chosen.num_timings_used) == (3, 2)
    assert select(scored, "surprisal", "mean", 3).num_evaluations_used == 5


def test_surprisal_first_may_find_nothing_where_others_do() -> None:
    """The one correct sample is not among those judged."""
    scored = [make_scored(0, 9.0, (-0.1,)), make_scored(1, None, (-5.0,))]
    chosen = select(scored, "surprisal_first", "mean", 1)
    assert (chosen.sample_idx, chosen.num_correct, chosen.num_evaluations_used) == (None, 0, 1)
