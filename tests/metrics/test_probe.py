"""The over-sharpening probe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kbwf.metrics.probe import ProbePoint, _spearman, probe
from kbwf.metrics.statistics import Interval, Missing

SPEEDUPS = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]
RISING = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]
FALLING = [[8.0, 7.0, 6.0, 5.0], [4.0, 3.0, 2.0, 1.0]]


def points_of(nlls: dict[str, list[list[float]]], speedups: list[list[float]]) -> list[ProbePoint]:
    """The points, which are there."""
    points = probe(nlls, speedups, 200, 0, 0.95)
    assert isinstance(points, list)
    return points


def value_of(number: Interval | Missing) -> float:
    """The estimate."""
    assert isinstance(number, Interval)
    return number.value


def test_a_policy_that_turns_its_ranking_round_has_sharpened() -> None:
    """NLL rises with speedup at first and falls with it in the end: ρ goes from 1 to -1."""
    base, last = points_of({"base": RISING, "run.step2": FALLING}, SPEEDUPS)
    assert (base.policy_id, last.policy_id) == ("base", "run.step2")
    assert (value_of(base.rho), value_of(last.rho)) == pytest.approx((1.0, -1.0))
    assert base.rho_change == Interval(0.0, 0.0, 0.0)
    assert value_of(last.rho_change) == pytest.approx(-2.0)
    assert isinstance(last.rho_change, Interval)
    assert last.rho_change.high == pytest.approx(-2.0)


def test_mean_nll_is_the_mean_over_tasks_and_its_change_is_paired() -> None:
    """Means 2.5 and 6.5 give 4.5; one nat more on every sample is a change of exactly 1, without width."""
    higher = [[nll + 1 for nll in task] for task in RISING]
    _, last = points_of({"base": RISING, "last": higher}, SPEEDUPS)
    assert last.nll_mean_nats.value == pytest.approx(5.5)
    assert last.nll_mean_nats.low < 5.5 < last.nll_mean_nats.high
    assert last.nll_mean_change_nats == Interval(1.0, 1.0, 1.0)


def test_the_bottom_quartile_is_least_likely_under_the_first_checkpoint() -> None:
    """Twelve samples: the three with the highest NLL at first, and the same three later, although others have more."""
    base = [[9.0, 8.0, 7.0, *[1.0] * 9]]
    later = [[2.0, 3.0, 4.0, *range(10, 19)]]
    speedups = [[3.0, 2.0, 1.0, *range(20, 29)]]
    first, last = points_of({"base": base, "later": later}, speedups)  # type: ignore[dict-item, arg-type]
    assert (value_of(first.tail_rho), value_of(last.tail_rho)) == pytest.approx((1.0, -1.0))
    assert value_of(last.tail_rho_change) == pytest.approx(-2.0)
    assert value_of(last.rho) > 0


def test_a_quartile_of_fewer_than_three_samples_is_missing() -> None:
    """Eight samples have a quarter of two; three samples have none at all, and a correlation all the same."""
    (point,) = points_of({"base": RISING}, SPEEDUPS)
    assert point.tail_rho == Missing("2 samples; a correlation needs 3, and values that differ")
    (small,) = points_of({"base": [[1.0, 2.0, 3.0]]}, [[3.0, 1.0, 2.0]])
    assert isinstance(small.tail_rho, Missing) and isinstance(small.tail_rho_change, Missing)
    assert value_of(small.rho) == pytest.approx(-0.5)


def test_values_that_do_not_differ_have_no_correlation() -> None:
    """A policy to which all samples are alike, or kernels that are; the mean NLL stays."""
    alike = [[2.0] * 4, [2.0] * 4]
    base, last = points_of({"base": RISING, "last": alike}, SPEEDUPS)
    assert isinstance(base.rho, Interval)
    assert isinstance(last.rho, Missing) and isinstance(last.rho_change, Missing)
    assert last.nll_mean_nats == Interval(2.0, 2.0, 2.0)
    (failed,) = points_of({"base": RISING}, [[0.0] * 4, [0.0] * 4])
    assert isinstance(failed.rho, Missing)


def test_a_probe_of_nothing_says_why() -> None:
    """No checkpoints, or no samples."""
    assert probe({}, SPEEDUPS, 200, 0, 0.95) == Missing("no checkpoint was probed")
    assert probe({"base": []}, [], 200, 0, 0.95) == Missing("no samples")


def test_samples_that_do_not_match_are_refused() -> None:
    """A sample too few, NaN, a speedup that is none, a task without samples."""
    with pytest.raises(ValueError, match=r"base: one finite NLL is needed for each of \[4, 4\] samples"):
        probe({"base": [[1.0] * 4, [1.0] * 3]}, SPEEDUPS, 200, 0, 0.95)
    with pytest.raises(ValueError, match="base: one finite NLL"):
        probe({"base": [[1.0] * 4, [1.0, 1.0, 1.0, float("nan")]]}, SPEEDUPS, 200, 0, 0.95)
    with pytest.raises(ValueError, match="a failed sample has 0"):
        probe({"base": [[1.0]]}, [[float("nan")]], 200, 0, 0.95)
    with pytest.raises(ValueError, match="group 1 of 2 has no values"):
        probe({"base": [[1.0], []]}, [[1.0], []], 200, 0, 0.95)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=3, max_size=10).filter(
        lambda rows: sum(row[2] for row in rows) > 2
    )
)
@settings(derandomize=True, deadline=None, max_examples=80)
def test_ranks_from_multiplicities_are_ranks_of_the_resample(rows: list[tuple[int, int, int]]) -> None:
    """A sample that is drawn twice counts twice: scipy on the written-out resample gives the same."""
    x, y, counts = (np.array(column) for column in zip(*rows, strict=True))
    (rho,) = _spearman(x, y, counts[None])
    drawn_x, drawn_y = np.repeat(x, counts), np.repeat(y, counts)
    if len(set(drawn_x)) == 1 or len(set(drawn_y)) == 1:
        assert np.isnan(rho)
    else:
        assert rho == pytest.approx(stats.spearmanr(drawn_x, drawn_y).statistic, abs=1e-12)


def test_intervals_of_a_noisy_correlation_hold_it_and_are_repeatable() -> None:
    """Forty samples in two tasks of unequal size."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40)
    y = np.exp(0.5 * x + rng.standard_normal(40))
    nlls, speedups = [x[:25].tolist(), x[25:].tolist()], [y[:25].tolist(), y[25:].tolist()]
    (point,) = points_of({"base": nlls}, speedups)
    assert isinstance(point.rho, Interval)
    assert -1 < point.rho.low < point.rho.value < point.rho.high < 1
    assert point.rho.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert points_of({"base": nlls}, speedups) == [point]
