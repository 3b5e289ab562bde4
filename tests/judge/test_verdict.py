"""Is an output right: claims, values, tolerances, inputs."""

import math
from typing import Any

import pytest
import torch

from kbwf.judge.verdict import is_close, judge_claim, max_abs_error, same_values, tolerance_of
from kbwf.records import EvalStatus

EXPECTED = torch.zeros(2, 3)
GOOD: dict[str, Any] = {
    "type": "Tensor", "is_tensor": True, "shape": [2, 3], "dtype": "float32", "device": "cpu", "aliases_input": False,
}  # fmt: skip


def test_tolerances_are_kernelbench_s() -> None:
    """1e-2 for half precision, 1e-4 for everything else."""
    assert [tolerance_of(dtype) for dtype in (torch.float16, torch.bfloat16)] == [1e-2, 1e-2]
    assert [tolerance_of(dtype) for dtype in (torch.float32, torch.float64, torch.int64)] == [1e-4] * 3


def test_a_fitting_claim_leaves_the_decision_to_the_values() -> None:
    """Nothing to say against it."""
    assert judge_claim(GOOD, EXPECTED, may_alias=False) is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"is_tensor": False, "type": "list"}, EvalStatus.WRONG_TYPE),
        ({"is_tensor": 1}, EvalStatus.WRONG_TYPE),
        ({"is_tensor": None}, EvalStatus.WRONG_TYPE),
        ({"type": {"a": [1] * 500}, "is_tensor": "yes"}, EvalStatus.WRONG_TYPE),
        ({"shape": [3, 2]}, EvalStatus.WRONG_SHAPE),
        ({"shape": None}, EvalStatus.WRONG_SHAPE),
        ({"shape": ["x" * 10_000]}, EvalStatus.WRONG_SHAPE),
        ({"dtype": "float64"}, EvalStatus.WRONG_DTYPE),
        ({"device": "cuda"}, EvalStatus.WRONG_DTYPE),
        ({"dtype": ["float32"]}, EvalStatus.WRONG_DTYPE),
        ({"aliases_input": True}, EvalStatus.INPUT_CHANGED),
        ({"aliases_input": None}, EvalStatus.INPUT_CHANGED),
    ],
)
def test_a_claim_is_read_as_hostile(change: dict[str, Any], status: EvalStatus) -> None:
    """A wrong, missing or nonsensical field rules the result out with a short reason, and never raises."""
    found = judge_claim(GOOD | change, EXPECTED, may_alias=False)
    assert found is not None
    assert found[0] == status
    assert len(found[1]) < 300


def test_an_empty_claim_is_no_tensor() -> None:
    """Nothing said is nothing returned."""
    found = judge_claim({}, EXPECTED, may_alias=True)
    assert found is not None and found[0] == EvalStatus.WRONG_TYPE


def test_aliasing_is_right_where_the_reference_does_so() -> None:
    """A view of an input is what the reference returns too."""
    assert judge_claim(GOOD | {"aliases_input": True}, EXPECTED, may_alias=True) is None


def test_values_are_close_within_absolute_plus_relative_tolerance() -> None:
    """At 10 the bound is 1e-4 + 1e-4 · 10 = 1.1e-3."""
    expected = torch.full((4,), 10.0, dtype=torch.float64)
    assert is_close(expected + 1.09e-3, expected)
    assert not is_close(expected + 1.11e-3, expected)


def test_nan_and_infinity_are_right_only_where_the_reference_has_them() -> None:
    """In the same places they are right, elsewhere not."""
    expected = torch.tensor([1.0, math.nan, math.inf])
    assert is_close(expected.clone(), expected)
    assert not is_close(torch.tensor([math.nan, math.nan, math.inf]), expected)
    assert not is_close(torch.tensor([1.0, 0.0, math.inf]), expected)
    assert not is_close(torch.tensor([1.0, math.nan, -math.inf]), expected)


def test_integers_must_be_equal() -> None:
    """No tolerance: one off in a million is wrong."""
    expected = torch.tensor([1_000_000, 2])
    assert is_close(expected.clone(), expected)
    assert not is_close(torch.tensor([1_000_001, 2]), expected)


def test_the_largest_error_is_a_number_or_none() -> None:
    """|2.5 - 2| = 0.5 is the largest; NaN has no size; integers count the wrong ones; nothing has no error."""
    assert max_abs_error(torch.tensor([1.0, 2.5]), torch.tensor([1.25, 2.0])) == 0.5
    assert max_abs_error(torch.tensor([math.nan, 1.0]), torch.tensor([1.0, 1.0])) is None
    assert max_abs_error(torch.tensor([math.inf]), torch.tensor([1.0])) is None
    assert max_abs_error(torch.tensor([1, 2, 3]), torch.tensor([1, 9, 9])) == 2.0
    assert max_abs_error(torch.tensor([True]), torch.tensor([False])) == 1.0
    assert max_abs_error(torch.zeros(0), torch.zeros(0)) == 0.0


def test_inputs_are_the_same_bit_for_bit() -> None:
    """NaN equals NaN; the smallest change counts; what is no tensor is not compared."""
    drawn: list[Any] = [torch.tensor([1.0, math.nan]), 3, torch.tensor([4])]
    assert same_values([drawn[0].clone(), 3, drawn[2].clone()], drawn)
    assert not same_values([torch.tensor([1.0 + 1e-7, math.nan]), 3, torch.tensor([4])], drawn)
    assert not same_values([drawn[0].clone(), 3, torch.tensor([5])], drawn)
