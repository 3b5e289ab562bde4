"""pass@k."""

from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbwf.metrics.pass_at_k import pass_at_k


def test_pass_at_k_is_the_share_of_subsets_with_a_success() -> None:
    """For n = 5, c = 2, k = 2 seven of the ten pairs hold a success."""
    pairs = list(combinations([True, True, False, False, False], 2))
    assert sum(any(pair) for pair in pairs) == 7
    assert pass_at_k(5, 2, 2) == pytest.approx(0.7)


def test_pass_at_k_at_its_ends() -> None:
    """No success gives 0, too few failures to fill k gives 1, and k = 1 gives the share c/n."""
    assert pass_at_k(8, 0, 8) == 0
    assert pass_at_k(8, 3, 6) == 1
    assert pass_at_k(8, 3, 1) == pytest.approx(3 / 8)


def test_pass_at_k_is_undefined_with_fewer_samples_than_k() -> None:
    """n < k has no unbiased estimate, even if all samples succeed."""
    assert pass_at_k(4, 4, 5) is None
    assert pass_at_k(0, 0, 1) is None


@pytest.mark.parametrize(("n", "c", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_impossible_counts_are_refused(n: int, c: int, k: int) -> None:
    """More successes than samples, negative ones, or no draws: the message has the numbers."""
    with pytest.raises(ValueError, match=f"n={n}, c={c}, k={k}"):
        pass_at_k(n, c, k)


@given(st.integers(1, 400), st.data())
def test_pass_at_k_agrees_with_the_binomials(n: int, data: st.DataObject) -> None:
    """The product form equals 1 - C(n-c, k) / C(n, k), computed in exact integers."""
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    exact = (comb(n, k) - comb(n - c, k)) / comb(n, k)
    assert pass_at_k(n, c, k) == pytest.approx(exact, abs=1e-12)
