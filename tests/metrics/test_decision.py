"""The rule by which the report says that surprisal beats confidence."""

from itertools import permutations, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kbwf.metrics.decision import LABELS_LEVEL, TASKS_LEVEL, Decision, surprisal_beats_confidence
from kbwf.metrics.permutation import null_band, surprising_minus_confident
from kbwf.metrics.statistics import Missing

WIN = ([2.0, 1.0], [True, False])
"""Two samples, of which the surprising one succeeds: a random order gives that in one case of two."""
BOTH = ([2.0, 1.0], [True, True])


def decide(tasks: list[list[tuple[list[float], list[bool]]]]) -> Decision:
    """The decision on tasks of cells (surprisals, successes), every sample measured by itself."""
    decision = surprisal_beats_confidence(
        [[cell[0] for cell in task] for task in tasks], [[cell[1] for cell in task] for task in tasks], None
    )
    assert isinstance(decision, Decision)
    return decision


def test_five_wins_in_five_tasks_are_one_pattern_of_thirty_two() -> None:
    """Both questions give 1/32: enough for the tasks, not for the labels."""
    decision = decide([[WIN]] * 5)
    assert (decision.labels_p, decision.tasks_p) == (1 / 32, 1 / 32)
    assert (decision.surprisal_success, decision.confidence_success) == (1.0, 0.0)
    assert (decision.num_for, decision.num_against) == (5, 0)
    assert not decision.is_shown


def test_a_second_seed_answers_for_the_labels_but_not_for_the_tasks() -> None:
    """Ten wins in five tasks: labels 1/1024, tasks still 1/32; that is shown."""
    decision = decide([[WIN, WIN]] * 5)
    assert (decision.labels_p, decision.tasks_p) == (1 / 1024, 1 / 32)
    assert decision.is_shown


def test_four_tasks_never_show_anything() -> None:
    """However many seeds: each task's sign may be its own quirk, and 1/16 is more than 5 %."""
    decision = decide([[WIN] * 20] * 4)
    assert decision.labels_p < 1e-20
    assert decision.tasks_p == 1 / 16 > TASKS_LEVEL
    assert not decision.is_shown


def test_a_single_task_with_a_single_seed_is_a_coin() -> None:
    """The smallest study has an answer too: 1/2 and 1/2."""
    decision = decide([[WIN]])
    assert (decision.labels_p, decision.tasks_p) == (0.5, 0.5)


def test_tasks_that_are_always_or_never_solved_change_neither_answer() -> None:
    """Twenty more tasks lower the difference, and leave both p-values."""
    lost: tuple[list[float], list[bool]] = ([2.0, 1.0], [False, False])
    few, many = decide([[WIN, WIN]] * 5), decide([[WIN, WIN]] * 5 + [[BOTH]] * 10 + [[lost]] * 10)
    assert (many.labels_p, many.tasks_p) == pytest.approx((few.labels_p, few.tasks_p))
    assert many.surprisal_success == pytest.approx(15 / 25)


def test_losses_weigh_as_much_as_wins() -> None:
    """Three wins and one loss in four tasks: 5 of 16 patterns are as good."""
    loss: tuple[list[float], list[bool]] = ([1.0, 2.0], [True, False])
    decision = decide([[WIN]] * 3 + [[loss]])
    assert (decision.labels_p, decision.tasks_p) == pytest.approx((5 / 16, 5 / 16))
    assert (decision.num_for, decision.num_against) == (3, 1)
    assert decision.differences_P_S == ((1,), (1,), (1,), (-1,))


def test_equal_surprisals_decide_nothing() -> None:
    """The identity control: both strategies take the first sample of each task and seed."""
    decision = decide([[([0.0] * 4, [True, False, True, False])] * 2] * 20)
    assert decision.differences_P_S == ((0, 0),) * 20
    assert (decision.labels_p, decision.tasks_p) == (1.0, 1.0)


def test_a_study_without_choices_says_why() -> None:
    """No log-probabilities, no tasks, no correct samples; a seed without any is skipped."""
    assert surprisal_beats_confidence(None, [[[True]]], None) == Missing("no log-probabilities")
    nothing = Missing("no correct sample in any task")
    assert surprisal_beats_confidence([], [], None) == nothing
    assert surprisal_beats_confidence([[[], []]], [[[], []]], None) == nothing
    assert surprisal_beats_confidence([[[]]], [[[]]], [[[]]]) == nothing
    assert decide([[WIN, ([], [])], [([], [])]]) == decide([[WIN]])


def test_speedups_are_no_successes() -> None:
    """A speedup where true or false belongs is refused."""
    with pytest.raises(ValueError, match="true or false"):
        surprisal_beats_confidence([[[1.0, 2.0]]], [[[1.7, 0.3]]], None)  # type: ignore[list-item]


def test_copies_of_a_kernel_are_one_chance() -> None:
    """Under both seeds the choice is between the same two kernels: 1/2, not 1/4, and much less with copies split."""
    surprisals, successes = [[[2.0, 1.0, 1.0, 1.0]] * 2], [[[True, False, False, False]] * 2]
    kernels = [[["fast", "slow", "slow", "slow"]] * 2]
    by_kernel = surprisal_beats_confidence(surprisals, successes, kernels)
    by_sample = surprisal_beats_confidence(surprisals, successes, None)
    assert isinstance(by_kernel, Decision) and isinstance(by_sample, Decision)
    assert by_kernel.labels_p == pytest.approx(1 / 2)
    assert by_sample.labels_p == pytest.approx(1 / 16)
    assert by_kernel.differences_P_S == by_sample.differences_P_S == ((1, 1),)


SAMPLES = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=3)
STUDIES = st.lists(st.lists(SAMPLES, min_size=1, max_size=2), min_size=1, max_size=2)


def labels_p_by_enumeration(decks: list[tuple[list[bool], list[tuple[list[float], list[int]]], float]]) -> float:
    """Over all orders of each deck's outcomes: (outcomes, its cells of surprisals and positions, weight of a cell)."""

    def sum_of(deals: tuple[tuple[bool, ...], ...]) -> float:
        return sum(
            weight * (int(deal[units[np.argmax(surprisals)]]) - int(deal[units[np.argmin(surprisals)]]))
            for deal, (_, cells, weight) in zip(deals, decks, strict=True)
            for surprisals, units in cells
        )

    observed = sum_of(tuple(tuple(outcomes) for outcomes, _, _ in decks))
    sums = [sum_of(deals) for deals in product(*(list(permutations(outcomes)) for outcomes, _, _ in decks))]
    assert len(sums) == prod(len(list(permutations(outcomes))) for outcomes, _, _ in decks)
    return sum(one >= observed - 1e-9 for one in sums) / len(sums)


@given(STUDIES)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_answer_for_the_labels_is_exact(tasks: list[list[list[tuple[int, bool]]]]) -> None:
    """Against all orders of the outcomes within each task and seed, ties and unequal numbers of seeds included."""
    cells = [[([float(one) for one, _ in cell], [two for _, two in cell]) for cell in task] for task in tasks]
    decks = [
        (successes, [(surprisals, list(range(len(successes))))], 1 / len(task))
        for task in cells
        for surprisals, successes in task
    ]
    assert decide(cells).labels_p == pytest.approx(labels_p_by_enumeration(decks))


@given(
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=4), min_size=1, max_size=3),
)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_answer_is_exact_where_kernels_repeat(outcomes: list[bool], seeds: list[list[tuple[int, int]]]) -> None:
    """Against all orders of the outcomes among one task's kernels, which come back under several seeds."""
    cells = [([float(one) for one, _ in cell], [kernel % len(outcomes) for _, kernel in cell]) for cell in seeds]
    seen = list(dict.fromkeys(unit for _, units in cells for unit in units))
    decision = surprisal_beats_confidence(
        [[surprisals for surprisals, _ in cells]],
        [[[outcomes[unit] for unit in units] for _, units in cells]],
        [[[str(unit) for unit in units] for _, units in cells]],
    )
    numbered = [(surprisals, [seen.index(unit) for unit in units]) for surprisals, units in cells]
    expected = labels_p_by_enumeration([([outcomes[unit] for unit in seen], numbered, 1.0)])
    assert isinstance(decision, Decision)
    assert decision.labels_p == pytest.approx(expected)


@given(st.lists(st.lists(st.sampled_from(["win", "loss", "tie"]), min_size=1, max_size=3), min_size=2, max_size=7))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_the_answer_for_the_tasks_is_the_exact_sign_flip_test(tasks: list[list[str]]) -> None:
    """scipy's permutation test of one sample goes through all signs of the tasks' averages."""
    cells = {"win": WIN, "loss": ([1.0, 2.0], [True, False]), "tie": BOTH}
    decision = decide([[cells[name] for name in task] for task in tasks])
    averages = np.array([np.mean(seeds) for seeds in decision.differences_P_S])
    test = stats.permutation_test((averages,), np.mean, permutation_type="samples", alternative="greater")
    assert decision.tasks_p == pytest.approx(test.pvalue)


def test_the_exact_answer_is_what_permutations_estimate() -> None:
    """Ten tasks of two seeds and eight samples: the p-value of 4000 permutations lies about the exact one."""
    rng = np.random.default_rng(3)
    surprisals = rng.random((10, 2, 8)).tolist()
    successes = (rng.random((10, 2, 8)) < 0.4).tolist()
    decision = surprisal_beats_confidence(surprisals, successes, None)
    band = null_band(surprisals, successes, None, surprising_minus_confident, 4000, 0, 0.95)
    assert isinstance(decision, Decision) and not isinstance(band, Missing)
    assert 0.05 < decision.labels_p < 0.95
    assert band.p_value == pytest.approx(decision.labels_p, abs=0.03)
    assert band.value == pytest.approx(decision.surprisal_success - decision.confidence_success)


def test_the_levels_are_those_of_the_text() -> None:
    """One-sided 2.5 % for the labels, 5 % for the tasks."""
    assert (LABELS_LEVEL, TASKS_LEVEL) == (0.025, 0.05)
