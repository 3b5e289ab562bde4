"""Outputs against expected ones: statistics by hand, and what either rule makes of typical answers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.verdict import fused
from kbwf.verdict.comparison import _sweep, compare, compare_all, ref_error_of
from kbwf.verdict.extent import Extent, extent_of
from kbwf.verdict.pieces import PIECE, pieces
from kbwf.verdict.scales import _moments, scale_of, scales_of
from kbwf.verdict.tolerance import RefError, hardened_bound, official_tolerance

NORMAL = torch.randn(200, 300, generator=torch.Generator().manual_seed(1))
UNIFORM = torch.rand(200, 300, generator=torch.Generator().manual_seed(2))


def tf32(values: torch.Tensor) -> torch.Tensor:
    """The values with 11 significant bits."""
    return (values.view(torch.int32) + 4096 & -8192).view(torch.float32)


def test_a_scale_by_hand() -> None:
    """1, 2, 3, 4: mean 2.5, variance 1.25, mean square 7.5."""
    scale = scale_of(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert (scale.num_values, scale.mean) == (4, 2.5)
    assert scale.spread == pytest.approx(math.sqrt(1.25))
    assert scale.rms == pytest.approx(math.sqrt(7.5))


def test_a_scale_leaves_out_what_is_not_finite() -> None:
    """Of 1, NaN, 3 and infinity, 1 and 3 count; of nothing, nothing does."""
    scale = scale_of(torch.tensor([1.0, math.nan, 3.0, math.inf]))
    assert (scale.num_values, scale.mean, scale.spread) == (2, 2, 1)
    assert (scale_of(torch.zeros(0)).num_values, scale_of(torch.tensor([math.nan])).rms) == (0, 0)


def test_a_small_spread_beside_a_large_mean_is_found() -> None:
    """A million plus or minus one: what a difference of squares in float32 would lose."""
    values = torch.tensor([999_999.0, 1_000_001.0]).repeat(1000)
    assert scale_of(values).spread == pytest.approx(1.0)


def test_scales_of_pieces_are_merged() -> None:
    """More values than a piece holds, in memory for three: 0, 1 and 2 have a variance of 2/3; a third is off by 1/2."""
    values = torch.tensor([0.0, 1.0, 2.0]).view(3, 1).expand(3, PIECE // 3 + 1)
    scale = scale_of(values)
    assert (scale.num_values, scale.mean) == (3 * (PIECE // 3 + 1), 1)
    assert scale.spread == pytest.approx(math.sqrt(2 / 3))
    compared = compare(values + torch.tensor([0.0, 0.0, 0.5]).view(3, 1), values)
    assert compared.max_abs_error == 0.5
    assert compared.rms_error == pytest.approx(0.5 / math.sqrt(3))
    assert compared.num_beyond_hardened == PIECE // 3 + 1


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 30), st.booleans())
def test_pieces_cover_everything_once(shape: list[int], size: int, is_transposed: bool) -> None:
    """Whatever the shape and the strides, in pieces no larger than asked for."""
    tensor = torch.arange(math.prod(shape)).view(shape)
    tensor = tensor.permute(list(reversed(range(len(shape))))) if is_transposed else tensor
    found = [piece for (piece,) in pieces(tensor, size=size)]
    assert all(0 < piece.numel() <= size for piece in found)
    assert sorted(value for piece in found for value in piece.flatten().tolist()) == list(range(math.prod(shape)))


def test_errors_by_hand() -> None:
    """Errors 0, 1 and 2 against 1, 2 and 4: largest 2, relative 1/2 both times, mean square 5/3."""
    compared = compare(torch.tensor([1.0, 3.0, 2.0]), torch.tensor([1.0, 2.0, 4.0]))
    assert (compared.max_abs_error, compared.max_rel_error) == (2, 0.5)
    assert compared.rms_error == pytest.approx(math.sqrt(5 / 3))
    assert (compared.num_unequal, compared.num_beyond_official) == (None, 2)


def test_several_pairs_are_compared_as_each_of_them() -> None:
    """By an error of the reference's own, and by its scale where that is known."""
    pairs = [(NORMAL + 1e-3 * UNIFORM, NORMAL), (UNIFORM, UNIFORM), (torch.tensor([1, 2]), torch.tensor([1, 3]))]
    ref_errors = [RefError(), RefError(1e-2, 1e-2), RefError(unequal_frac=0.5)]
    expected = [compare(*pair, None, error) for pair, error in zip(pairs, ref_errors, strict=True)]
    assert compare_all(pairs, ref_errors) == expected
    scales = scales_of([wanted for _, wanted in pairs])
    assert scales == [scale_of(wanted) for _, wanted in pairs] == [each.scale for each in expected]
    assert compare_all(pairs, ref_errors, scales) == expected
    assert compare_all([], []) == []
    with pytest.raises(ValueError, match="expected"):
        compare_all([pairs[0], (NORMAL, UNIFORM[:1])], ref_errors[:2])


@pytest.mark.parametrize("is_finite", [True, False])
def test_what_one_pass_found_is_used_for_each_pair(monkeypatch: pytest.MonkeyPatch, is_finite: bool) -> None:
    """Its figures where they are finite; the pieces are read where they are not."""
    first = 7.0 if is_finite else math.inf
    monkeypatch.setattr(fused, "can_read", lambda *tensors: len(tensors) in (2, 4))
    monkeypatch.setattr(fused, "moments", lambda tensors: [[3.0, float(n), 0.0, 12.0] for n, _ in enumerate(tensors)])
    monkeypatch.setattr(
        fused, "sweep", lambda pairs, tolerance, bounds: [[0, 0, 1, 2, 8.0, first, 0.5], [0, 0, 0, 0, 0.0, 0.0, 0.0]]
    )
    compared = compare_all([(torch.ones(2), torch.zeros(2))] * 2, [RefError()] * 2)
    assert [each.scale.mean for each in compared] == [0, 1] and compared[0].scale.spread == 2
    assert (compared[0].max_abs_error, compared[0].rms_error) == ((7.0, 2.0) if is_finite else (1.0, 1.0))
    assert (compared[1].max_abs_error, compared[1].num_beyond_hardened) == (0.0, 0)


def test_a_count_is_no_error() -> None:
    """Two of three whole numbers differ, by 9 at most; booleans likewise."""
    compared = compare(torch.tensor([1, 9, 12]), torch.tensor([1, 2, 3]))
    assert (compared.num_unequal, compared.max_abs_error) == (2, 9)
    assert compared.official_failure == compared.hardened_failure == "2 of 3 entries differ"
    assert compare(torch.tensor([True, False]), torch.tensor([True, True])).num_unequal == 1
    assert compare(torch.tensor([2**60 + 1]), torch.tensor([2**60])).num_unequal == 1


def test_whole_numbers_may_differ_where_the_reference_s_do() -> None:
    """One of 1000 entries; the reference disagrees with float64 in as many, the official rule knows no mercy."""
    expected = torch.arange(1000)
    output = expected.clone()
    output[7] = 0
    compared = compare(output, expected, None, RefError(unequal_frac=0.001))
    assert compared.hardened_failure == ""
    assert compared.official_failure == "1 of 1000 entries differ"


def test_complex_numbers_are_compared_by_their_modulus() -> None:
    """An error of 3 + 4i is one of 5; rounding is none."""
    assert compare(torch.tensor([3 + 4j]), torch.tensor([0j])).max_abs_error == 5
    expected = torch.fft.fft(UNIFORM)
    close = torch.fft.fft(UNIFORM.double()).to(torch.complex64)
    assert compare(close, expected).hardened_failure == compare(close, expected).official_failure == ""
    assert compare(expected.real.to(torch.complex64), expected).hardened_failure


def test_nan_and_infinity_are_right_where_the_reference_has_them() -> None:
    """In the same places with the same sign, and nowhere else."""
    expected = torch.tensor([1.0, math.nan, math.inf, -math.inf])
    assert compare(expected.clone(), expected).official_failure == ""
    assert compare(expected.clone(), expected).hardened_failure == ""
    compared = compare(torch.tensor([math.nan, math.nan, -math.inf, 0.0]), expected)
    assert compared.num_nonfinite_mismatches == 3
    assert "NaN or infinite" in compared.official_failure
    assert "NaN or infinite" in compared.hardened_failure


def test_squares_that_no_float32_holds_are_no_infinity() -> None:
    """Errors of 1e30 have an rms of 1e30."""
    expected = torch.tensor([1e30, -1e30])
    assert compare(torch.zeros(2), expected).rms_error == pytest.approx(1e30)
    assert scale_of(expected).spread == pytest.approx(1e30)


def test_shapes_that_differ_are_nothing_to_compare() -> None:
    """What would broadcast is refused."""
    with pytest.raises(ValueError, match=r"shape \(1, 3\), expected \(2, 3\)"):
        compare(torch.zeros(1, 3), torch.zeros(2, 3))


def test_empty_outputs_are_equal() -> None:
    """Nothing to be wrong about."""
    assert compare(torch.zeros(0, 3), torch.zeros(0, 3)).hardened_failure == ""


@pytest.mark.parametrize(
    "expected",
    [NORMAL, torch.softmax(UNIFORM.view(1, -1), dim=1), UNIFORM.mean(dim=1), 1e-6 * NORMAL, (1e-3 * NORMAL).half()],
    ids=["normal", "softmax", "means", "small", "half precision"],
)
def test_zeros_and_constants_are_wrong_wherever_the_output_varies(expected: torch.Tensor) -> None:
    """However small the output is; the official rule lets some of them through."""
    for answer in (torch.zeros_like(expected), torch.full_like(expected, float(expected.double().mean()))):
        assert "rms error" in compare(answer, expected).hardened_failure
    if expected.abs().max() < 1e-4:
        assert compare(torch.zeros_like(expected), expected).official_failure == ""


@pytest.mark.parametrize(
    "shorter", [tf32, lambda x: x.half().float(), lambda x: x.bfloat16().float()], ids=["tf32", "half", "bfloat16"]
)
def test_shorter_numbers_do_not_pass_for_float32(shorter: object) -> None:
    """Values rounded to 11 bits or less, and products of such values; 2^-12.3 of the size against 2^-15."""
    assert callable(shorter)
    assert compare(shorter(NORMAL), NORMAL).hardened_failure
    assert compare(shorter(UNIFORM), UNIFORM).hardened_failure
    assert compare(shorter(NORMAL) @ shorter(NORMAL.T), NORMAL @ NORMAL.T).hardened_failure


def test_sums_in_any_order_are_right() -> None:
    """One accumulator over 4,096 terms of one sign loses at most 4,096 u of the sum; 64 u is what it really loses."""
    terms = torch.rand(4096, 64, generator=torch.Generator().manual_seed(3))
    total = torch.zeros(64)
    for row in terms:
        total = total + row
    assert compare(total, terms.double().sum(0).float()).hardened_failure == ""
    assert compare(terms.view(64, 64, 64).sum(0).sum(0), terms.sum(0)).hardened_failure == ""


def test_a_sum_over_every_other_term_is_wrong() -> None:
    """Twice the sum of half the terms differs by about the sum's own spread."""
    terms = torch.rand(4096, 64, generator=torch.Generator().manual_seed(4))
    assert compare(2 * terms[::2].sum(0), terms.sum(0)).hardened_failure


def test_one_wrong_value_is_found() -> None:
    """A thousandth of the spread in one of 60,000 values: nothing for the rms, too much for an element."""
    output = NORMAL.clone()
    output[17, 3] += 1e-3
    failure = compare(output, NORMAL).hardened_failure
    assert failure.startswith("1 of 60000 values too far off")


def test_a_kernel_may_be_as_far_off_as_the_reference() -> None:
    """1e-4 of the size is too much, unless the reference itself is off by a fifth of that."""
    output = 1.0001 * NORMAL
    assert compare(output, NORMAL).hardened_failure
    assert compare(output, NORMAL, None, RefError(rms_frac=2e-5, max_abs_frac=1e-4)).hardened_failure == ""


def test_the_reference_s_error_is_measured_in_units_of_the_size() -> None:
    """An error of 1 everywhere beside an rms of 5; of whole numbers the share that differs."""
    error = ref_error_of(torch.tensor([4.0, 6.0]), torch.tensor([5.0, 5.0], dtype=torch.float64))
    assert (error.rms_frac, error.max_abs_frac) == (pytest.approx(0.2), pytest.approx(0.2))
    assert ref_error_of(torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 3, 5])).unequal_frac == 0.25
    assert ref_error_of(torch.zeros(3), torch.zeros(3)) == RefError()


def test_degenerate_answers_by_hand() -> None:
    """Within 1e-4 of zero, zeros pass; within 1e-4 + 1e-4 c of the middle c, a constant does."""
    small, near_one = torch.tensor([5e-5, -9e-5]), torch.tensor([1.0, 1.0003])
    assert extent_of(small).degenerate_answers(torch.float32) == ("zeros", "constant")
    assert extent_of(near_one).degenerate_answers(torch.float32) == ("constant",)
    assert extent_of(torch.tensor([1.0, 1.0005])).degenerate_answers(torch.float32) == ()
    assert extent_of(torch.tensor([1.0, math.nan])).degenerate_answers(torch.float32) == ()
    assert extent_of(torch.tensor([3, 3])).degenerate_answers(torch.int64) == ("constant",)
    assert extent_of(torch.tensor([3, 4])).degenerate_answers(torch.int64) == ()
    assert extent_of(torch.tensor([1 + 1j, 1 + 1j])).degenerate_answers(torch.complex64) == ("constant",)


def test_a_scalar_is_degenerate_only_if_it_is_the_same_in_every_draw() -> None:
    """0.33 and 0.33005 are one constant, 0.33 and 0.34 are not."""
    first, near, far = (extent_of(torch.tensor(value)) for value in (0.33, 0.33005, 0.34))
    assert first.merge(near).degenerate_answers(torch.float32) == ("constant",)
    assert first.merge(far).degenerate_answers(torch.float32) == ()
    assert math.isnan(first.merge(Extent(math.nan, math.nan)).low.real)


@pytest.mark.gpu
def test_figures_are_the_same_on_a_gpu() -> None:
    """Every count, and every error within rounding of sums."""
    output = NORMAL + 1e-3 * UNIFORM
    here, there = compare(output, NORMAL), compare(output.cuda(), NORMAL.cuda())
    assert here.num_beyond_official == there.num_beyond_official
    assert here.num_beyond_hardened == there.num_beyond_hardened
    assert here.rms_error == pytest.approx(there.rms_error, rel=1e-6)  # sums in another order


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_one_pass_on_a_gpu_finds_what_pieces_find(dtype: torch.dtype) -> None:
    """Counts are equal, sums to within the rounding of a square; transposed, not finite, of one element, of sizes that
    are no multiple of four, and several at once; pieces read the rest."""
    generator = torch.Generator().manual_seed(3)
    wanted = torch.randn(1000, 1003, generator=generator).to(dtype).cuda()
    found = wanted * (1 + 2e-3 * torch.randn(1000, 1003, generator=generator).cuda().to(dtype))
    wanted[3, 4:8] = torch.tensor([math.nan, math.inf, -math.inf, math.inf])
    found[3, 4:8] = torch.tensor([math.nan, math.inf, math.inf, 1.0])
    found[0, 0] = math.nan
    rows = [(found[row], wanted[row]) for row in range(1000)]
    for pairs in ([(found, wanted)], [(found.t(), wanted.t())], [(found[:1, :1], wanted[5:6, :1])], rows):
        outputs, expecteds = zip(*pairs, strict=True)
        assert fused.can_read(*outputs, *expecteds)
        moments = fused.moments(expecteds)
        bounds = [hardened_bound(dtype, scale) for scale in scales_of(expecteds)]
        one_pass = fused.sweep(pairs, official_tolerance(dtype), bounds)
        for (output, expected), bound, figures, sums in zip(pairs, bounds, one_pass, moments, strict=True):
            assert sums == pytest.approx(_moments(expected, torch.float64, sift=True), rel=1e-9, abs=1e-9)
            in_pieces = _sweep(output, expected, bound, torch.float32, sift=True)
            assert figures[:4] == in_pieces[:4]
            assert figures[4:] == pytest.approx(in_pieces[4:], rel=1e-6)
    assert not fused.can_read(found, wanted.t().contiguous().t())
    assert not fused.can_read(found[:, ::2], wanted[:, ::2])
    assert not fused.can_read(found.double(), wanted.double())
