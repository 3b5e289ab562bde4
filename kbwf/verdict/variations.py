"""Inputs and weights other than the official ones, on which a kernel must be right too.

Inputs are varied in place and in pieces, from a secret seed. What makes an input the kind of input it is stays:

    zeros                stay zeros: triangles, masks, padding
    whole numbers        are left alone, of whatever dtype: indices, classes, labels of -1 and 1
    numbers of 8 bits    are left alone
    symmetric matrices   stay symmetric: A becomes D A D with a diagonal D
    rows that sum to 1   stay probabilities: only the heavy tails apply, and each row is divided by its sum again
    expanded tensors     stay expanded: the memory behind them is what varies

Whether an input may be negative, large or far from its mean cannot be seen in its values. A task says so
(`Task.admits`), or it is tried out (`kbwf.verdict.yardstick`).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, get_args

import torch

from kbwf.records import Variation
from kbwf.verdict.pieces import pieces
from kbwf.verdict.scales import scale_of
from kbwf.verdict.tolerance import is_exact

Draw = Literal["signed", "scaled_down", "scaled_up", "shifted", "heavy_tailed"]
"""How one hardened trial draws its inputs; `scaled` of a task's admissions is two of them.

signed: each value's sign is drawn anew, so that sums have no mean to hide behind · scaled_down: times 2^-10 to 2^-7,
which brings an epsilon out (1e-5 beside a variance of 2^-16) · scaled_up: times 4 to 32, which saturates · shifted: 1
to 4 standard deviations are added, upwards only where no value is negative · heavy_tailed: one value in 1,024 is
multiplied by 16 to 64.
"""
DRAWS: tuple[Draw, ...] = get_args(Draw)
Admits = tuple[tuple[Draw, ...], ...]
"""For each input of `forward`, in order, the draws it may take part in."""

_FACTOR_LOG2 = {"scaled_down": (-10.0, -7.0), "scaled_up": (2.0, 5.0)}
_SHIFT_STDS = (1.0, 4.0)
_TAIL_FRAC = 2.0**-10
_TAIL_FACTOR = (16.0, 64.0)
_WEIGHT_NOISE = 0.25
"""Of a parameter's own size, as a standard deviation: far beyond every tolerance, and still a sound weight."""
_ZERO_WEIGHT_NOISE = 0.1
"""For parameters that are all zero, as biases often are at first."""


def draws_of(admits: Sequence[Sequence[Variation]]) -> Admits:
    """The draws that a task's own admissions stand for."""
    expanded: dict[Variation, tuple[Draw, ...]] = {
        "signed": ("signed",), "scaled": ("scaled_down", "scaled_up"), "shifted": ("shifted",),
        "heavy_tailed": ("heavy_tailed",),
    }  # fmt: skip
    return tuple(tuple(draw for variation in each for draw in expanded[variation]) for each in admits)


def vary_inputs(inputs: Sequence[Any], draw: Draw, admits: Admits, seed: int) -> int:
    """Vary in place every tensor of the inputs that admit this draw, lists and dicts searched; returns how many were.

    The same seed makes the same of the same inputs. 0 means that there is nothing to try: no input admits the draw, or
    none has values that may change.
    """
    num_varied = 0
    for index, (value, draws) in enumerate(zip(inputs, admits, strict=True)):
        for number, tensor in enumerate(tensors_of(value) if draw in draws else ()):
            num_varied += _vary(tensor, draw, generator_of(seed, f"{draw} {index} {number}", tensor.device))
    return num_varied


def vary_weights(model: torch.nn.Module, seed: int) -> tuple[str, ...]:
    """Change the model's parameters in place, so that weights of the public seed are of no use; returns the names.

    What a parameter gets depends on seed, name and shape alone: reference and candidate are changed alike where they
    name alike, whatever else they hold. With n standard normal: parameters without negative values keep their signs
    (times exp(n / 4)), zeros get n / 10, to others n / 4 of their root mean square is added. Of the buffers,
    `running_mean` and `running_var` vary likewise. Call it before anything is derived from the weights.
    """
    tensors: dict[str, torch.Tensor] = dict(model.named_parameters())
    statistics = ("running_mean", "running_var")
    tensors |= {name: each for name, each in model.named_buffers() if name.rpartition(".")[2] in statistics}
    names = sorted(name for name, tensor in tensors.items() if not is_exact(tensor.dtype) and tensor.numel())
    with torch.no_grad():
        for name in names:
            tensor = tensors[name]
            generator = generator_of(seed, f"weights {name}", tensor.device)
            noise = torch.randn(tensor.shape, generator=generator, device=tensor.device).to(tensor.dtype)
            size = scale_of(tensor).rms
            if not size:
                tensor.add_(noise, alpha=_ZERO_WEIGHT_NOISE)
            elif not tensor.is_complex() and tensor.amin() >= 0:
                tensor.mul_(noise.mul_(_WEIGHT_NOISE).exp_())
            else:
                tensor.add_(noise, alpha=_WEIGHT_NOISE * size)
    return tuple(names)


def tensors_of(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in a value, those inside lists, tuples and dicts too."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from tensors_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from tensors_of(each)


def map_tensors(change: Callable[[torch.Tensor], torch.Tensor], value: Any) -> Any:
    """The value with each tensor changed, those inside lists, tuples and dicts too."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: map_tensors(change, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map_tensors(change, each) for each in value)
    return value


def generator_of(seed: int, purpose: str, device: torch.device) -> torch.Generator:
    """A generator of its own for each purpose, so that nothing depends on an order of draws."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _vary(tensor: torch.Tensor, draw: Draw, generator: torch.Generator) -> bool:
    """Whether the tensor was varied."""
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if size > 1 and stride == 0:
            tensor = tensor.narrow(dim, 0, 1)
    is_short = tensor.dtype.itemsize == 1  # with eight bits torch stores, and does not reckon
    if not tensor.numel() or is_exact(tensor.dtype) or is_short or _is_whole(tensor):
        return False
    rows_sum_to_one = _rows_sum_to_one(tensor)
    if rows_sum_to_one and draw != "heavy_tailed":
        return False
    if draw == "shifted":
        _shift(tensor, generator)
    elif draw in _FACTOR_LOG2:
        tensor.mul_(2.0 ** _uniform(*_FACTOR_LOG2[draw], generator))
    elif _is_symmetric(tensor):
        sides = tensor[..., 0].clone().fill_(1)
        _multiply(sides, draw, generator)
        sides = sides.sgn() * sides.abs().log2().round().exp2().round()  # powers of two: exact in either order
        tensor.mul_(sides.unsqueeze(-1)).mul_(sides.unsqueeze(-2))
    else:
        _multiply(tensor, draw, generator)
    if rows_sum_to_one:
        tensor.div_(tensor.sum(dim=-1, keepdim=True))
    return True


def _multiply(tensor: torch.Tensor, draw: Draw, generator: torch.Generator) -> None:
    """Each value by a sign of its own, or a few values by a large factor."""
    tail_frac = max(_TAIL_FRAC, min(1.0, 4 / tensor.numel()))
    low, high = _TAIL_FACTOR
    for (piece,) in pieces(tensor):
        uniform = torch.rand(piece.shape, generator=generator, device=piece.device)
        if draw == "signed":
            factors = torch.where(uniform < 0.5, -1.0, 1.0)
        else:
            factors = torch.where(uniform < tail_frac, low + (high - low) / tail_frac * uniform, 1.0)
        piece.mul_(factors.to(piece.dtype))


def _shift(tensor: torch.Tensor, generator: torch.Generator) -> None:
    scale = scale_of(tensor)
    step = _uniform(*_SHIFT_STDS, generator) * (scale.spread or scale.rms)
    is_negative_somewhere = tensor.is_complex() or any(bool(piece.amin() < 0) for (piece,) in pieces(tensor))
    if is_negative_somewhere and _uniform(0, 1, generator) < 0.5:
        step = -step
    for (piece,) in pieces(tensor):
        piece.add_((piece != 0).to(piece.dtype), alpha=step)


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator, device=generator.device))


def _is_whole(tensor: torch.Tensor) -> bool:
    """Whether all finite values are whole numbers."""
    if tensor.is_complex():
        return False
    return all(bool(((piece.frac() == 0) | ~piece.isfinite()).all()) for (piece,) in pieces(tensor))


def _is_symmetric(tensor: torch.Tensor) -> bool:
    if tensor.ndim < 2 or tensor.shape[-1] != tensor.shape[-2] or tensor.shape[-1] == 1:
        return False
    return all(torch.equal(piece, transposed) for piece, transposed in pieces(tensor, tensor.mT))


def _rows_sum_to_one(tensor: torch.Tensor) -> bool:
    if tensor.is_complex() or tensor.ndim == 0 or tensor.shape[-1] == 1:
        return False
    sums = tensor.sum(dim=-1)
    return bool((sums - 1).abs().amax() < 1e-2) and all(bool(piece.amin() >= 0) for (piece,) in pieces(tensor))
