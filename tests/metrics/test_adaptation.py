"""Regimes and transfer."""

import pytest

from kbwf.metrics.adaptation import REGIME_LINE, regimes, transfer
from kbwf.metrics.statistics import Missing

BOOTSTRAP = {"num_resamples": 200, "seed": 0, "confidence_level": 0.95}


def test_gains_are_averaged_on_either_side_of_the_line() -> None:
    """Base 10 % and 30 % below, 31 % and 100 % above; the line itself is below."""
    found = regimes([0.1, 0.3, 0.31, 1.0], [0.1, 0.3, 0.31, 1.0], [0.3, 0.2, 0.41, 1.0], **BOOTSTRAP)
    assert not isinstance(found, Missing)
    assert REGIME_LINE == 0.30
    assert found.is_above_P == (False, False, True, True)
    assert found.gains_P == pytest.approx((0.2, -0.1, 0.1, 0.0))
    assert not isinstance(found.below, Missing) and not isinstance(found.above, Missing)
    assert (found.below.low, found.below.value, found.below.high) == pytest.approx((-0.1, 0.05, 0.2))
    assert (found.above.low, found.above.value, found.above.high) == pytest.approx((0.0, 0.05, 0.1))


def test_the_same_samples_for_side_and_gain_invent_a_regime() -> None:
    """Two tasks of 30 %, lucky under one seed and unlucky under the other, and an adaptation that does nothing."""
    first, second, adapted = [0.1, 0.5], [0.5, 0.1], [0.3, 0.3]
    same = regimes(first, first, adapted, **BOOTSTRAP)
    apart = [regimes(*pair, adapted, **BOOTSTRAP) for pair in ((first, second), (second, first))]
    assert not isinstance(same, Missing)
    assert not isinstance(same.below, Missing) and not isinstance(same.above, Missing)
    assert (same.below.value, same.above.value) == pytest.approx((0.2, -0.2))
    for found in apart:
        assert not isinstance(found, Missing)
        assert not isinstance(found.below, Missing)
        assert found.below.value == pytest.approx(-0.2)


def test_a_side_without_tasks_says_so() -> None:
    """One task above the line, and none; no task at all."""
    found = regimes([0.5], [0.5], [0.4], **BOOTSTRAP)
    assert not isinstance(found, Missing)
    assert found.below == Missing("no task below the line")
    assert regimes([], [], [], **BOOTSTRAP) == Missing("no task was adapted")
    with pytest.raises(ValueError, match="got 1, 2 and 1"):
        regimes([0.5], [0.5, 0.6], [0.4], **BOOTSTRAP)


def test_the_published_transfer_hurts_in_both_directions() -> None:
    """7.5 % where the base has 17.5 %, and 31.25 % where it has 37.5 %."""
    found = transfer({("s1", "s2"): 0.075, ("s2", "s1"): 0.3125}, {"s1": 0.375, "s2": 0.175})
    assert found.subsets == ("s1", "s2")
    assert found.gains_A_B[0][1] == pytest.approx(-0.1)
    assert found.gains_A_B[1][0] == pytest.approx(-0.0625)
    assert (found.gains_A_B[0][0], found.gains_A_B[1][1], found.own) == (None, None, None)
    assert found.other == pytest.approx(-0.08125)


def test_own_gain_is_the_diagonal() -> None:
    """Gains 0.1 and 0.3 at home, -0.1 away."""
    scores = {("a", "a"): 0.3, ("b", "b"): 0.8, ("a", "b"): 0.4}
    found = transfer(scores, {"a": 0.2, "b": 0.5})
    assert found.own == pytest.approx(0.2)
    assert found.other == pytest.approx(-0.1)
    assert found.gains_A_B[1][0] is None


def test_transfer_needs_the_base_policy_on_every_subset() -> None:
    """A subset without base score is named; no runs give no means."""
    with pytest.raises(ValueError, match="no base score for subset s3"):
        transfer({("s1", "s3"): 0.1}, {"s1": 0.2})
    elsewhere = transfer({("s0", "s1"): 0.3}, {"s1": 0.2})  # as of an outer loop, which is judged on other tasks alone
    assert (elsewhere.own, elsewhere.other) == (None, pytest.approx(0.1))
    nothing = transfer({}, {"s1": 0.2})
    assert (nothing.gains_A_B, nothing.own, nothing.other) == (((None,),), None, None)
