"""Is an output right: values, tolerances, chunks, reasons."""

import math
from typing import Any

import pytest
import torch

from kbwf.judge import verdict
from kbwf.judge.verdict import Comparison, agrees, chunks_of, compare, tolerance_of


def found_by(output: Any, expected: Any) -> Comparison:
    """The comparison of one output, given as a tensor or as numbers."""
    return compare([(torch.as_tensor(output), torch.as_tensor(expected))])


def is_right(output: Any, expected: Any) -> bool:
    """Whether it is right; a few elements are judged by the same rule."""
    right = found_by(output, expected).is_right
    assert agrees(torch.as_tensor(output), torch.as_tensor(expected)) == right
    return right


def test_tolerances_are_kernelbench_s() -> None:
    """1e-2 for half precision, 1e-4 for everything else."""
    assert [tolerance_of(dtype) for dtype in (torch.float16, torch.bfloat16)] == [1e-2, 1e-2]
    assert [tolerance_of(dtype) for dtype in (torch.float32, torch.float64, torch.int64)] == [1e-4] * 3


def test_values_are_close_within_absolute_plus_relative_tolerance() -> None:
    """At 10 the bound is 1e-4 + 1e-4 · 10 = 1.1e-3, at -10 too, and at 0 it is 1e-4."""
    for expected, bound in ((10.0, 1.1e-3), (-10.0, 1.1e-3), (0.0, 1e-4)):
        wanted = torch.full((4,), expected, dtype=torch.float64)
        for sign in (1, -1):
            assert is_right(wanted + sign * 0.99 * bound, wanted)
            assert not is_right(wanted + sign * 1.01 * bound, wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_has_a_wider_tolerance_and_is_compared_in_single(dtype: torch.dtype) -> None:
    """At 1 the bound is 0.02: 1 + 2/128 is within, 1 + 3/128 is not; both are exact in either precision."""
    wanted = torch.ones(3, dtype=dtype)
    assert is_right(wanted + 2 / 128, wanted)
    assert not is_right(wanted + 3 / 128, wanted)
    assert found_by(wanted + 3 / 128, wanted).max_abs_error == 3 / 128
    assert found_by(wanted, wanted).tolerance == 1e-2


def test_half_precision_does_not_overflow() -> None:
    """-60000 and 60000 differ by more than float16 can say."""
    assert found_by(torch.tensor([-60000.0]).half(), torch.tensor([60000.0]).half()).max_abs_error == 120000


def test_nan_and_infinity_are_right_only_where_the_reference_has_them() -> None:
    """In the same places they are right; a number, the other sign or the other kind is not."""
    expected = torch.tensor([1.0, math.nan, math.inf, -math.inf])
    assert is_right(expected.clone(), expected)
    for place, value in (
        (0, math.nan),
        (0, math.inf),
        (1, 0.0),
        (1, math.inf),
        (2, 3e38),
        (2, -math.inf),
        (2, math.nan),
        (3, 0.0),
    ):
        wrong = expected.clone()
        wrong[place] = value
        assert not is_right(wrong, expected), (place, value)
        assert found_by(wrong, expected).max_abs_error is None


def test_the_largest_error_is_a_number_or_none() -> None:
    """|2.5 - 2| = 0.5 is the largest; equal infinities differ by nothing; a difference beyond all numbers is none."""
    assert found_by([1.0, 2.5], [1.25, 2.0]).max_abs_error == 0.5
    assert found_by([math.inf, 1.5], [math.inf, 1.0]).max_abs_error == 0.5
    assert found_by([3e38], [-3e38]).max_abs_error is None
    assert found_by(torch.zeros(0, 3), torch.zeros(0, 3)) == Comparison(True, 0.0, 0, 1e-4)


def test_integers_and_truths_must_be_equal_and_are_counted() -> None:
    """One off in a million is wrong; the reason is a count, not a size."""
    assert is_right([1_000_000, 2], [1_000_000, 2])
    assert not is_right([1_000_001, 2], [1_000_000, 2])
    comparison = found_by([1, 2, 3], [1, 9, 9])
    assert (comparison.num_unequal, comparison.max_abs_error) == (2, 0.0)
    assert comparison.reason == "2 entries differ, none may"
    assert found_by([True, False], [False, True]).num_unequal == 2


def test_complex_numbers_differ_by_a_modulus() -> None:
    """3 + 4i is 5 away from 0; at modulus 5 the bound is 1e-4 + 5e-4."""
    assert found_by([3 + 4j], [0j]).max_abs_error == 5.0
    expected = torch.tensor([3 + 4j], dtype=torch.complex128)
    assert is_right(expected + 5.9e-4j, expected)
    assert not is_right(expected + 6.1e-4j, expected)
    assert is_right([complex(math.nan, 1.0)], [complex(1.0, math.nan)])  # not a number, either way
    assert not is_right([complex(math.inf, 0.0)], [1 + 0j])


def test_outputs_of_a_call_are_judged_together() -> None:
    """The largest error and tolerance of all, the wrong entries of all."""
    half, single = torch.ones(2).half(), torch.ones(2)
    found = compare([(single + 0.5, single), (half, half), (torch.tensor([1]), torch.tensor([2]))])
    assert found == Comparison(False, 0.5, 1, 1e-2)
    assert compare([(single, single), (half, half)]) == Comparison(True, 0.0, 0, 1e-2)
    assert compare([(single * math.nan, single), (single + 0.5, single)]).max_abs_error is None
    assert not compare([(single + 0.5, single), (single, single)]).is_right


def test_a_reason_says_what_was_found_and_what_may_be() -> None:
    """Error and tolerance, or that there is no number where one should be."""
    assert found_by([1.25], [1.0]).reason == "max abs error 0.25, tolerance 0.0001"
    assert found_by([math.nan], [1.0]).reason == "NaN or infinite where the reference is not; tolerance 0.0001"


STRIDED = {
    "dense": torch.arange(60.0).view(3, 4, 5),
    "transposed": torch.arange(60.0).view(5, 4, 3).permute(2, 1, 0),
    "every_other": torch.arange(240.0).view(6, 8, 5)[::2, ::2],
    "expanded": torch.arange(12.0).view(3, 4, 1).expand(3, 4, 5),
    "expanded_first": torch.arange(20.0).view(1, 4, 5).expand(3, 4, 5),
    "one_row": torch.arange(60.0).view(1, 60),
    "one_column": torch.arange(60.0).view(60, 1),
    "flat": torch.arange(60.0),
    "scalar": torch.tensor(1.0),
}


@pytest.mark.parametrize("chunk_elements", [1, 7, 16, 60])
@pytest.mark.parametrize("name", STRIDED)
@pytest.mark.parametrize("is_like", [True, False], ids=["same_strides", "other_strides"])
def test_chunks_are_small_views_that_cover_everything_once(
    monkeypatch: pytest.MonkeyPatch, name: str, chunk_elements: int, is_like: bool
) -> None:
    """Pairs of equal elements, no copy, no more than a chunk holds."""
    monkeypatch.setattr(verdict, "_CHUNK_ELEMENTS", chunk_elements)
    wanted = STRIDED[name]
    found = wanted if is_like else wanted.clone(memory_format=torch.contiguous_format)
    pairs = list(chunks_of(found, wanted))
    assert all(one.numel() <= chunk_elements for one, _ in pairs)
    assert all(torch.equal(one, other) for one, other in pairs)
    for side, tensor in enumerate((found, wanted)):
        pieces = [pair[side] for pair in pairs]
        assert {piece.untyped_storage().data_ptr() for piece in pieces} == {tensor.untyped_storage().data_ptr()}
        assert sorted(torch.cat([piece.flatten() for piece in pieces]).tolist()) == sorted(tensor.flatten().tolist())


def test_a_tensor_with_holes_is_not_read_through_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three by two with strides 0 and 5 reaches over six elements, as many as it has: four of them are not its own."""
    monkeypatch.setattr(verdict, "_CHUNK_ELEMENTS", 2)
    memory = torch.tensor([1.0, math.nan, math.nan, math.nan, math.nan, 2.0])
    holed = memory.as_strided((3, 2), (0, 5))
    assert is_right(holed, holed)
    assert [one.tolist() for one, _ in chunks_of(holed, holed)] == [[1.0, 2.0]] * 3


@pytest.mark.parametrize("place", [0, 29, 59])
@pytest.mark.parametrize("name", ["dense", "transposed", "expanded"])
def test_an_error_is_found_in_whichever_chunk_it_is(monkeypatch: pytest.MonkeyPatch, name: str, place: int) -> None:
    """One wrong element of sixty."""
    monkeypatch.setattr(verdict, "_CHUNK_ELEMENTS", 7)
    found = STRIDED[name].clone(memory_format=torch.contiguous_format)
    found.view(-1)[place] += 2.0
    assert compare([(found, STRIDED[name])]) == Comparison(False, 2.0, 0, 1e-4)
    assert compare([(STRIDED[name], found)]).max_abs_error == 2.0
    assert compare([(found.int(), STRIDED[name].int())]).num_unequal == 1
