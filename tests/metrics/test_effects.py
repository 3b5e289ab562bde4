"""Effect sizes and the published tests."""

from math import exp, pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.metrics.effects import SignTest, WilcoxonTest, cohens_h, sign_test, speedup_ratio, wilcoxon_log_ratios
from kbwf.metrics.statistics import Missing


def test_cohens_h_of_the_published_rates() -> None:
    """80 % against 50 %: 2 asin √0.8 - π/2 = 0.6435."""
    assert cohens_h(0.8, 0.5) == pytest.approx(0.6435, abs=5e-5)
    assert cohens_h(0.5, 0.8) == -cohens_h(0.8, 0.5)
    assert cohens_h(1.0, 0.0) == pytest.approx(pi)
    assert cohens_h(0.3, 0.3) == 0


def test_a_proportion_beyond_its_range_is_refused() -> None:
    """80 is no proportion."""
    with pytest.raises(ValueError, match=r"got 80 and 0\.5"):
        cohens_h(80, 0.5)


def test_the_published_rank_sum_has_the_published_p_value() -> None:
    """Ten pairs, of which ranks 1, 2, 3 and 4 speak against: W = 10, p = 86 / 1024 on two sides."""
    ours = [exp(-rank if rank <= 4 else rank) for rank in range(1, 11)]
    assert wilcoxon_log_ratios(ours, [1.0] * 10) == WilcoxonTest(10.0, pytest.approx(86 / 1024), 10, 0)


def test_the_one_sided_test_asks_whether_ours_are_faster() -> None:
    """Three of three in favour: one pattern of signs of eight, and all eight the other way round."""
    faster = wilcoxon_log_ratios([2.0, 3.0, 4.0], [1.0] * 3, "greater")
    slower = wilcoxon_log_ratios([1.0] * 3, [2.0, 3.0, 4.0], "greater")
    assert faster == WilcoxonTest(6.0, pytest.approx(1 / 8), 3, 0)
    assert slower == WilcoxonTest(0.0, pytest.approx(1.0), 3, 0)


def test_a_half_weighs_as_much_as_a_double() -> None:
    """Ratios 2 and 1/2 tie in rank, and two pairs of them cannot be told from chance."""
    test = wilcoxon_log_ratios([2.0, 1.0, 4.0, 3.0], [1.0, 2.0, 2.0, 6.0])
    assert test == WilcoxonTest(5.0, pytest.approx(1.0), 4, 0)


def test_tied_differences_are_gone_through_exactly() -> None:
    """Signs + + + - on four equal differences: 5 of 16 patterns have at least three pluses."""
    test = wilcoxon_log_ratios([2.0, 4.0, 6.0, 1.0], [1.0, 2.0, 3.0, 2.0], "greater")
    assert test == WilcoxonTest(7.5, pytest.approx(5 / 16), 4, 0)


def test_equal_pairs_are_left_out_and_alone_they_prove_nothing() -> None:
    """Nothing but equal speedups gives p = 1; beside others they are counted only."""
    assert wilcoxon_log_ratios([1.5, 2.0], [1.5, 2.0]) == WilcoxonTest(0.0, 1.0, 2, 2)
    test = wilcoxon_log_ratios([2.0, 3.0, 4.0, 7.0], [1.0, 1.0, 1.0, 7.0], "greater")
    assert test == WilcoxonTest(6.0, pytest.approx(1 / 8), 4, 1)


def test_pairs_without_a_speedup_are_no_pairs() -> None:
    """None at all is missing, 0 or a missing partner is refused."""
    assert wilcoxon_log_ratios([], []) == Missing("no pair of correct kernels")
    with pytest.raises(ValueError, match="not positive; leave out pairs"):
        wilcoxon_log_ratios([0.0], [1.0])
    with pytest.raises(ValueError, match="got 2 and 1"):
        wilcoxon_log_ratios([1.0, 2.0], [1.0])


@given(st.lists(st.tuples(st.sampled_from([0.5, 1.0, 2.0, 5.0]), st.sampled_from([0.5, 1.0, 3.0])), max_size=9))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_the_two_sided_test_knows_no_sides(pairs: list[tuple[float, float]]) -> None:
    """Ours against theirs and theirs against ours have the same p-value, between 0 and 1."""
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    forth, back = wilcoxon_log_ratios(ours, theirs), wilcoxon_log_ratios(theirs, ours)
    if isinstance(forth, Missing) or isinstance(back, Missing):
        assert not pairs
        return
    assert forth.p_value == pytest.approx(back.p_value)
    assert 0 < forth.p_value <= 1


def test_three_of_three_discordant_pairs_give_an_eighth() -> None:
    """The published sign test, one-sided."""
    assert sign_test(3, 0) == SignTest(0.125, 3, 0)
    assert sign_test(0, 3).p_value == 1
    assert sign_test(2, 1).p_value == pytest.approx(4 / 8)


def test_without_discordant_pairs_the_sign_test_has_nothing_to_say() -> None:
    """p = 1; a negative count is refused."""
    assert sign_test(0, 0) == SignTest(1.0, 0, 0)
    with pytest.raises(ValueError, match="got -1 and 0"):
        sign_test(-1, 0)


def test_the_ratio_of_speedups_is_their_geometric_mean() -> None:
    """Ratios 2 and 1/2 give 1, not 1.25; a task with two seeds weighs as much as one with one."""
    ratio = speedup_ratio([[2.0], [1.0]], [[1.0], [2.0]], 200, 0, 0.95)
    assert not isinstance(ratio, Missing)
    assert (ratio.low, ratio.value, ratio.high) == pytest.approx((0.5, 1.0, 2.0))
    unequal = speedup_ratio([[4.0, 1.0], [8.0]], [[1.0, 1.0], [1.0]], 200, 0, 0.95)
    assert not isinstance(unequal, Missing)
    assert unequal.value == pytest.approx(4.0)  # √(√(4 · 1) · 8)


def test_tasks_without_pairs_do_not_enter_the_ratio() -> None:
    """An empty task is skipped; nothing but empty tasks is missing."""
    ratio = speedup_ratio([[3.0], []], [[1.0], []], 200, 0, 0.95)
    assert not isinstance(ratio, Missing)
    assert ratio.value == pytest.approx(3.0)
    assert speedup_ratio([[]], [[]], 200, 0, 0.95) == Missing("no pair of correct kernels")
