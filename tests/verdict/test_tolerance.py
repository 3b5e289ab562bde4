"""The bound of the hardened rule, by hand."""

import pytest
import torch

from kbwf.verdict.tolerance import RefError, Scale, hardened_bound, is_exact, official_tolerance

SCALE = Scale(num_values=10, mean=3 + 0j, rms=4.0, spread=2.0)


def test_official_tolerances_are_kernelbench_s() -> None:
    """1e-2 for half precision, 1e-4 for everything else."""
    assert [official_tolerance(dtype) for dtype in (torch.float16, torch.bfloat16)] == [1e-2, 1e-2]
    assert [official_tolerance(dtype) for dtype in (torch.float32, torch.float64, torch.complex64)] == [1e-4] * 3


def test_the_bound_follows_spread_and_size() -> None:
    """float32: R = 2^-15, u = 2^-24. 2^-15 · 2 + 64 · 2^-24 · 4 = 2^-14 + 2^-16; elements eight times that."""
    bound = hardened_bound(torch.float32, SCALE)
    assert bound.rms == 2**-14 + 2**-16
    assert (bound.floor, bound.base, bound.per_deviation, bound.per_size) == (0.0, 2**-11, 2**-12, 2**-15)
    assert bound.mean == 3


def test_a_shorter_dtype_has_a_wider_bound() -> None:
    """Each of the four has its own; complex numbers have that of their parts."""
    dtypes = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
    bounds = [hardened_bound(dtype, SCALE).rms for dtype in dtypes]
    assert bounds == sorted(bounds)
    assert hardened_bound(torch.complex64, SCALE) == hardened_bound(torch.float32, SCALE)


def test_a_reference_that_is_off_widens_the_bound() -> None:
    """Eight times 1 % of an rms of 4 is 0.32, eight times 5 % is 1.6; a small error changes nothing."""
    bound = hardened_bound(torch.float32, SCALE, RefError(rms_frac=0.01, max_abs_frac=0.05))
    assert bound.rms == pytest.approx(0.32)
    assert bound.floor == pytest.approx(1.6)
    assert hardened_bound(torch.float32, SCALE, RefError(rms_frac=1e-8)).rms == hardened_bound(torch.float32, SCALE).rms


def test_longer_sums_may_lose_more() -> None:
    """A quarter of the root of the number of terms, 128 u for 2^18; 64 u at least and 256 u at most."""
    constant = Scale(num_values=10, mean=1 + 0j, rms=1.0, spread=0.0)
    terms = (0, 2**10, 2**16, 2**18, 2**20, 2**30)
    bounds = [hardened_bound(torch.float32, constant, RefError(num_terms=n)).rms for n in terms]
    assert [bound * 2**24 for bound in bounds] == [64, 64, 64, 128, 256, 256]


def test_whole_numbers_are_right_or_wrong() -> None:
    """Eight times as many may differ as do in the reference itself: none, unless that was measured."""
    assert [is_exact(dtype) for dtype in (torch.int64, torch.bool, torch.float32, torch.complex64)] == [1, 1, 0, 0]
    assert hardened_bound(torch.int64, SCALE).unequal_frac == 0
    assert hardened_bound(torch.int64, SCALE, RefError(unequal_frac=0.001)).unequal_frac == pytest.approx(0.008)


def test_of_two_errors_the_larger_counts() -> None:
    """Each figure by itself."""
    assert RefError(1.0, 2.0, 0.1, 7, 4.0).merge(RefError(3.0, 1.0, 0.2, 5)) == RefError(3.0, 2.0, 0.2, 7, 4.0)
