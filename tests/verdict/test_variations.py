"""Hardened draws: what changes, and what of an input's kind stays."""

from typing import Any

import pytest
import torch

from kbwf.verdict.variations import DRAWS, Draw, draws_of, map_tensors, tensors_of, vary_inputs, vary_weights


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal values."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def varied(value: Any, draw: Draw, seed: int = 5) -> Any:
    """A copy of one input after a draw that it admits."""
    inputs = [map_tensors(torch.clone, value)]
    vary_inputs(inputs, draw, (DRAWS,), seed)
    return inputs[0]


def test_scaled_is_two_draws() -> None:
    """Down and up; the others are one each, an input without admissions takes part in none."""
    assert draws_of([["signed", "scaled"], [], ["heavy_tailed", "shifted"]]) == (
        ("signed", "scaled_down", "scaled_up"), (), ("heavy_tailed", "shifted"),
    )  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS)
def test_a_seed_decides_everything(draw: Draw) -> None:
    """The same seed gives the same, another one another."""
    x = normal(40, 50)
    assert torch.equal(varied(x, draw), varied(x, draw))
    assert not torch.equal(varied(x, draw), varied(x, draw, seed=6))
    assert not torch.equal(varied(x, draw), x)


def test_signs_are_drawn_anew() -> None:
    """The sizes stay, about half of the values are negative."""
    x = normal(100, 100).abs()
    y = varied(x, "signed")
    assert torch.equal(y.abs(), x)
    assert 0.4 < (y < 0).float().mean() < 0.6


def test_scaling_is_by_one_factor() -> None:
    """Between 2^-10 and 2^-7, or between 4 and 32."""
    x = normal(30, 30)
    for draw, low, high in (("scaled_down", 2**-10, 2**-7), ("scaled_up", 4, 32)):
        factor = float(varied(x, draw)[0, 0] / x[0, 0])  # type: ignore[arg-type]
        assert low <= factor <= high
        assert torch.allclose(varied(x, draw), factor * x)  # type: ignore[arg-type]


def test_a_shift_is_by_standard_deviations() -> None:
    """One to four of them, and not down where no value was negative."""
    for seed in range(8):
        x = normal(200, 50)
        assert 1 <= (varied(x, "shifted", seed) - x).abs().mean() / x.std() <= 4.01
        assert varied(x.abs(), "shifted", seed).min() > 0


def test_tails_are_few_and_far() -> None:
    """About one value in 1,024, 16 to 64 times as large."""
    x = normal(256, 256).abs() + 0.1
    ratio = varied(x, "heavy_tailed") / x
    changed = ratio[ratio != 1]
    assert 20 < changed.numel() < 130
    assert changed.min() > 15.9
    assert changed.max() < 64.1


@pytest.mark.parametrize("draw", DRAWS)
def test_zeros_stay_zeros(draw: Draw) -> None:
    """A triangle stays a triangle."""
    x = torch.tril(normal(64, 64))
    assert torch.equal(varied(x, draw).triu(1), torch.zeros(64, 64))


@pytest.mark.parametrize("draw", DRAWS)
def test_symmetric_matrices_stay_symmetric(draw: Draw) -> None:
    """Also one in a batch."""
    x = normal(3, 64, 64)
    y = varied(x + x.mT, draw)
    assert torch.equal(y, y.mT)
    assert not torch.equal(y, x + x.mT)


@pytest.mark.parametrize(
    "value",
    [torch.arange(9), torch.tensor([True, False]), torch.tensor([-1.0, 1.0, 1.0]), torch.tensor([0.0, -torch.inf]),
     torch.zeros(0), 3.5, "same"],
    ids=["indices", "mask", "labels", "additive mask", "nothing", "number", "text"],
)  # fmt: skip
@pytest.mark.parametrize("draw", DRAWS)
def test_whole_numbers_and_what_is_no_tensor_are_left_alone(value: Any, draw: Draw) -> None:
    """Nothing is varied, and the count says so."""
    inputs = [map_tensors(torch.clone, value)]
    assert vary_inputs(inputs, draw, (DRAWS,), 1) == 0
    assert torch.equal(inputs[0], value) if isinstance(value, torch.Tensor) else inputs[0] == value


def test_probabilities_stay_probabilities() -> None:
    """Rows that sum to 1 do so after the tails; no other draw touches them."""
    x = torch.softmax(normal(50, 200), dim=1)
    y = varied(x, "heavy_tailed")
    assert not torch.equal(x, y)
    assert torch.allclose(y.sum(dim=1), torch.ones(50))
    assert y.min() >= 0
    assert all(torch.equal(varied(x, draw), x) for draw in DRAWS if draw != "heavy_tailed")


@pytest.mark.parametrize("draw", DRAWS)
def test_expanded_inputs_stay_expanded(draw: Draw) -> None:
    """The row behind them is varied once, and every copy with it."""
    row = normal(1, 40)
    x = row.expand(8, 40)
    vary_inputs([x], draw, (DRAWS,), 2)
    assert x.stride() == (0, 1)
    assert torch.equal(row, varied(normal(1, 40), draw, seed=2))


def test_only_inputs_that_admit_a_draw_take_part() -> None:
    """Those inside lists and dicts too, each by itself."""
    x, y, z = normal(9), normal(9), normal(9)
    inputs = [x.clone(), [y.clone(), {"z": z.clone()}]]
    assert vary_inputs(inputs, "signed", (("shifted",), ("signed",)), 3) == 2
    assert torch.equal(inputs[0], x)  # type: ignore[arg-type]
    first, second = tensors_of(inputs[1])
    assert not torch.equal(first, y) and not torch.equal(second, z)


class Layers(torch.nn.Module):
    """Parameters of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(normal(20, 30))
        self.gain = torch.nn.Parameter(torch.ones(300))
        self.bias = torch.nn.Parameter(torch.zeros(300))
        self.norm = torch.nn.BatchNorm1d(200)
        self.register_buffer("mask", torch.ones(4))


def test_weights_vary_alike_in_models_that_name_alike() -> None:
    """Whatever else a model holds and in whatever order; another seed gives others."""
    first, second, third = Layers(), Layers(), Layers()
    second.extra = torch.nn.Linear(2, 2)
    second.weight, second.gain = second.weight, second.gain
    names = vary_weights(first, 11)
    assert set(names) < set(vary_weights(second, 11))
    vary_weights(third, 12)
    ours, theirs, others = (dict(model.state_dict()) for model in (first, second, third))
    assert all(torch.equal(ours[name], theirs[name]) for name in names)
    assert not any(torch.equal(ours[name], others[name]) for name in names)


def test_weights_keep_their_kind() -> None:
    """Gains and variances stay positive, biases get values, other buffers stay; all change by more than rounding."""
    model = Layers()
    names = vary_weights(model, 1)
    before, after = Layers().state_dict(), model.state_dict()
    assert set(names) == {
        "weight", "gain", "bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
    }  # fmt: skip
    assert after["gain"].min() > 0
    assert after["norm.running_var"].min() > 0
    assert torch.equal(after["mask"], before["mask"])
    assert all((after[name] - before[name]).std() > 0.05 for name in names)
