"""What is measured of a reference before kernels are judged against it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from kbwf.verdict.comparison import compare
from kbwf.verdict.truth import in_float64
from kbwf.verdict.variations import DRAWS, draws_of, vary_inputs
from kbwf.verdict.yardstick import Yardstick, longest_sum, measure


def rand(*shape: int) -> Callable[[int], list[Any]]:
    """Official inputs: one tensor of values between 0 and 1."""
    return lambda seed: [torch.rand(*shape, generator=torch.Generator().manual_seed(seed))]


def measured(reference: Callable[..., Any], draw_inputs: Callable[[int], list[Any]], admits: Any = None) -> Yardstick:
    """With the reference itself in float64 as the truth."""
    return measure(
        reference, lambda *inputs: reference(*(x.double() if x.is_floating_point() else x for x in inputs)),
        draw_inputs, admits, seed=3,
    )  # fmt: skip


def test_a_reference_that_takes_anything_admits_everything() -> None:
    """Rounding of a sum is far below 1e-6 of its size, on every draw."""
    yardstick = measured(lambda x: x.sum(dim=1), rand(40, 50))
    assert yardstick.admits == (DRAWS,)
    assert set(yardstick.errors) == set(DRAWS)
    assert 0 < yardstick.official.rms_frac < 1e-6
    assert (yardstick.degenerate, yardstick.is_decidable, yardstick.own_failure) == ((), True, "")


def test_the_longest_sum_is_guessed_from_sizes() -> None:
    """K of a product of 8 x K and K x 9 values, 50 of rows reduced, 1 of what is elementwise; indices do not count."""
    a, b, index = torch.zeros(8, 5000), torch.zeros(5000, 9), torch.zeros(10**6, dtype=torch.int64)
    assert longest_sum([a, b], [a @ b]) == 5000
    assert longest_sum([torch.zeros(40, 50)], [torch.zeros(40)]) == 50
    assert longest_sum([a, index], [a]) == 1
    assert longest_sum([], [a]) == 0
    assert measured(lambda x: x.sum(dim=1), rand(40, 50)).errors["signed"].num_terms == 50


def test_a_logarithm_admits_no_negative_input() -> None:
    """What makes the output NaN is left out; upwards it may be shifted."""
    yardstick = measured(torch.log, rand(40, 50))
    assert "signed" not in yardstick.errors
    assert {"scaled_down", "scaled_up", "shifted", "heavy_tailed"} == set(yardstick.errors)


def test_a_reference_that_raises_admits_nothing_of_the_kind() -> None:
    """As `binary_cross_entropy` does for what is no probability."""

    def reference(x: torch.Tensor) -> torch.Tensor:
        if x.max() > 1 or x.min() < 0:
            raise ValueError("no probability")
        return x * 2

    assert set(measured(reference, rand(40, 50)).errors) == {"scaled_down"}


def test_a_draw_that_leaves_nothing_to_see_is_left_out() -> None:
    """Everything beyond 1 becomes 1: scaled up and shifted, hardly anything varies but tails do."""
    yardstick = measured(lambda x: x.clamp(min=4.0, max=5.0), lambda seed: [5 * rand(40, 50)(seed)[0]])
    assert "scaled_down" not in yardstick.errors
    assert "signed" in yardstick.errors


def test_inputs_are_tried_one_by_one_where_they_do_not_go_together() -> None:
    """x + log y: x may have either sign, y may not."""
    yardstick = measured(lambda x, y: x + torch.log(y), lambda seed: rand(40, 50)(seed) + rand(40, 50)(seed + 50))
    assert "signed" in yardstick.admits[0]
    assert "signed" not in yardstick.admits[1]
    assert "scaled_up" in yardstick.admits[1]


def test_whole_numbers_take_part_in_nothing() -> None:
    """Indices are not varied, so no draw is admitted for them."""
    yardstick = measured(
        lambda x, index: x.gather(1, index), lambda seed: [*rand(40, 50)(seed), torch.zeros(40, 3, dtype=torch.int64)]
    )
    assert yardstick.admits == (DRAWS, ())


def test_what_a_task_says_is_believed() -> None:
    """Nothing else is tried."""
    yardstick = measured(lambda x: x.sum(dim=1), rand(40, 50), draws_of([["shifted"]]))
    assert set(yardstick.errors) == {"shifted"}


def test_small_outputs_pass_officially_as_zeros() -> None:
    """A softmax over 100,000 values; marked, and still decidable by its own size."""
    yardstick = measured(lambda x: torch.softmax(x, dim=1), rand(2, 100_000), draws_of([["signed"]]))
    assert yardstick.degenerate == ("constant", "zeros")
    assert yardstick.is_decidable


def test_an_output_that_is_rounding_alone_decides_nothing() -> None:
    """The mean of what was centred: zero, but for float32's rounding."""
    yardstick = measured(lambda x: (x - x.mean(dim=1, keepdim=True)).mean(dim=1), rand(40, 5000), draws_of([[]]))
    assert not yardstick.is_decidable
    assert yardstick.errors == {}


def test_in_half_precision_a_mean_of_four_spreads_still_decides() -> None:
    """A softmax of values between 0 and 1: rounding hides a fourteenth of its spread, zeros are off by three."""
    yardstick = measured(
        lambda x: torch.softmax(x, dim=1), lambda seed: [each.to(torch.bfloat16) for each in rand(64, 1024)(seed)]
    )
    assert yardstick.is_decidable


@pytest.mark.parametrize(
    ("error_frac", "is_decidable", "decides_varied"), [(1e-3, True, True), (5e-3, True, False), (2e-2, False, False)]
)
def test_more_may_be_hidden_on_official_draws_than_on_others(
    error_frac: float, is_decidable: bool, decides_varied: bool
) -> None:
    """Eight times the reference's error, of the spread: without official draws there is nothing to judge by."""

    def inexact(x: torch.Tensor) -> torch.Tensor:
        return x if x.dtype == torch.float64 else x + error_frac * x.flip(0)

    yardstick = measured(inexact, lambda seed: [rand(40, 500)(seed)[0] - 0.5], draws_of([["scaled"]]))
    assert (yardstick.is_decidable, bool(yardstick.errors)) == (is_decidable, decides_varied)


@pytest.mark.parametrize("seed", range(5))
def test_right_programs_may_round_values_of_the_official_size(seed: int) -> None:
    """Near 0 a tanh through exponentials is off by a roundoff of 1, and still right; half precision is not."""

    def by_exponentials(x: torch.Tensor) -> torch.Tensor:
        return 1 - 2 / (1 + torch.exp(2 * x))

    yardstick = measured(torch.tanh, rand(200, 300), draws_of([["scaled", "signed"]]))
    inputs = [each * 2.0**-10 for each in rand(200, 300)(seed)]
    expected = torch.tanh(inputs[0])
    error = yardstick.errors["scaled_down"]
    assert compare(by_exponentials(inputs[0]), expected, None, replace(error, inner_abs=0.0)).hardened_failure
    assert compare(by_exponentials(inputs[0]), expected, None, error).hardened_failure == ""
    for wrong in (expected * 1.001, torch.zeros_like(expected), expected.mean().expand(200, 300)):
        assert compare(wrong, expected, None, error).hardened_failure
    signed = rand(200, 300)(seed)
    assert vary_inputs(signed, "signed", yardstick.admits, seed)
    assert compare(
        torch.tanh(signed[0].half()).float(), torch.tanh(signed[0]), None, yardstick.errors["signed"]
    ).hardened_failure


def test_a_draw_on_which_the_variation_collapses_decides_nothing() -> None:
    """Scaled down, a softmax is nearly a constant, and its sums of equal terms round in one direction."""
    yardstick = measured(lambda x: torch.softmax(x, dim=1), rand(2, 1000), draws_of([["scaled", "signed"]]))
    assert set(yardstick.errors) == {"signed", "scaled_up"}
    normalised = measured(lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-5), rand(2, 1000), draws_of([["scaled"]]))
    assert set(normalised.errors) == {"scaled_down", "scaled_up"}


def test_a_reference_that_fails_the_official_rule_says_so() -> None:
    """Products in half precision are off by 1e-3 of a value around 1: too much for float32, within bounds for half."""
    for last, failure in ((torch.float32, "beyond tolerance"), (torch.float16, "")):
        yardstick = measure(
            lambda x, last=last: (x.half() * 3).to(last), lambda x: x.double() * 3, rand(40, 50), ((),), seed=1
        )  # fmt: skip
        assert failure in yardstick.own_failure
        assert bool(yardstick.own_failure) == bool(failure)


def test_a_model_in_float64_creates_float64() -> None:
    """Parameters, inputs in lists, and what `forward` makes itself; the default dtype is as before."""

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def forward(self, xs: list[torch.Tensor]) -> torch.Tensor:
            return torch.eye(3) @ xs[0] * self.weight

    model = Model()
    wide = in_float64(model)
    assert wide is not None
    assert wide([torch.ones(3)]).dtype == torch.float64
    assert model.weight.dtype == torch.get_default_dtype() == torch.float32


def test_a_model_that_cannot_be_copied_has_no_float64() -> None:
    """None, instead of an error that nobody can do anything about."""

    class Model(torch.nn.Module):
        def __deepcopy__(self, memo: object) -> "Model":
            raise TypeError("no copies")

    assert in_float64(Model()) is None


@pytest.mark.parametrize("kind", [tuple, list], ids=["tuple", "list"])
def test_references_may_return_several_tensors(kind: type) -> None:
    """The largest error counts."""
    yardstick = measured(lambda x: kind((x.sum(dim=1), x.cumsum(dim=1))), rand(40, 50))
    assert yardstick.official.rms_frac > 0
    assert set(yardstick.errors) == set(DRAWS)


def test_what_torch_makes_of_another_layout_is_the_reference_s_error_too() -> None:
    """A program that is less exact where channels lie together: its error counts, on official and on varied inputs."""

    def forward(x: torch.Tensor) -> torch.Tensor:
        is_relaid = not x.is_contiguous()
        return x.double().mean((2, 3)).float() * (1 + 1e-3 * is_relaid)

    def draw(seed: int) -> list[torch.Tensor]:
        return [torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))]

    found = measure(forward, lambda x: x.double().mean((2, 3)), draw, (("signed",),), seed=1)
    assert found.official.rms_frac == pytest.approx(1e-3, rel=1e-2)
    assert found.errors["signed"].rms_frac == pytest.approx(1e-3, rel=1e-2)
    assert "beyond tolerance" in found.own_failure
    images = measure(lambda x: x.view(2, -1).double().sum(1), None, draw, ((),), seed=1)
    assert (images.official.rms_frac, images.own_failure) == (0.0, "")
