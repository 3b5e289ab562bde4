"""New inputs: official ones, and others of the same distribution."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import torch

from kbwf.errors import TaskError
from kbwf.judge.draws import Draws
from kbwf.sandbox.buffers import Ring, layout_of
from kbwf.sandbox.problem import draw_inputs, load_module
from kbwf.sandbox.structure import flatten
from tests.builders import make_task

CPU = torch.device("cpu")
NUM_SLOTS = 3


class Drawn:
    """A task's draws, and slots for them."""

    def __init__(self, lines: str, top: str = "") -> None:
        """Args: `get_inputs`'s lines, and what stands before it."""
        body = "".join(f"    {line}\n" for line in lines.splitlines())
        source = f"import random\nimport numpy as np\nimport torch\n{top}\n\ndef get_inputs():\n{body}"
        self.module = load_module(source, "drawn")
        arguments, tensors, _ = flatten(draw_inputs(self.module, 0, CPU), "inputs")
        self.rings = [Ring(layout_of(tensor), NUM_SLOTS, CPU) for tensor in tensors]
        self.draws = Draws(make_task(reference_source=source), arguments, CPU)

    def official(self, *seeds: int) -> list[list[Any]]:
        """Draw into slots 0, 1, … under these seeds; the values."""
        return self.draws.official(self.rings, list(range(len(seeds))), list(seeds))

    def quick(self, *seeds: int) -> list[list[Any]]:
        """The same in place, where that is possible."""
        return self.draws.quick(self.rings, list(range(len(seeds))), list(seeds))

    def slot(self, number: int) -> list[torch.Tensor]:
        """Copies of a slot's tensors."""
        return [ring.tensors[number].clone() for ring in self.rings]


@pytest.fixture
def drawn() -> Iterator[Any]:
    """Makes a `Drawn`, and gives its memory back."""
    with ExitStack() as stack:

        def make(lines: str, top: str = "") -> Drawn:
            found = Drawn(lines, top)
            for ring in found.rings:
                stack.callback(ring.close)
            return found

        yield make


def are_equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    """All of them, bit for bit."""
    return all(map(torch.equal, first, second))


PLAIN = "return [torch.rand(50, 4), torch.randn(50), torch.randint(-3, 5, (200,)), torch.randint(7, (200,))]"
NOT_PLAIN = {
    "scaled": "return [torch.rand(50) * 2]",
    "sorted": "return [torch.rand(50).sort().values]",
    "changed_in_place": "x = torch.rand(50)\nx[3] = 0\nreturn [x]",
    "cast": "return [torch.randint(0, 2, (50,)).float()]",
    "expanded": "return [torch.rand(1, 5).expand(10, 5)]",
    "transposed": "return [torch.rand(4, 5).t()]",
    "one_of_two": "return [torch.rand(50), torch.rand(50).abs()]",
    "constant": "return [torch.ones(50)]",
    "keywords": "return [torch.randint(low=2, high=4, size=(50,))]",
    "numpy": "return [torch.from_numpy(np.random.rand(50))]",
    "normal": "return [torch.normal(1.0, 2.0, (50,))]",
    "twice_the_same": "x = torch.rand(50)\nreturn [x, x]",
    "with_a_value": "return [torch.rand(50), random.random()]",
}


def test_official_inputs_are_the_task_s_own(drawn: Any) -> None:
    """In each slot what `get_inputs` returns under its seed."""
    found = drawn(PLAIN)
    assert found.official(11, 12, 11) == [[], [], []]
    for slot, seed in enumerate((11, 12, 11)):
        assert are_equal(found.slot(slot), draw_inputs(found.module, seed, CPU))
    assert not are_equal(found.slot(0), found.slot(1))


def test_official_inputs_are_drawn_in_place_once_that_was_seen_to_make_the_same(
    drawn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice; without `get_inputs` then, and still as it would."""
    found = drawn(PLAIN)
    found.official(1, 2)
    found.official(3)
    with monkeypatch.context() as patch:
        patch.setattr(found.draws, "_module", None)
        assert found.official(11, 12, 11) == [[], [], []]
    for slot, seed in enumerate((11, 12, 11)):
        assert are_equal(found.slot(slot), draw_inputs(found.module, seed, CPU))


@pytest.mark.parametrize(
    "lines",
    [
        "torch.rand(3)\nreturn [torch.rand(50)]",
        "x = torch.rand(50)\nreturn [torch.randn(9), x]",
        *NOT_PLAIN.values(),
    ],
)
def test_official_inputs_that_nothing_else_makes_are_asked_for_each_time(drawn: Any, lines: str) -> None:
    """What is drawn besides, or in another order, would be left out; none of them is overwritten by the attempt."""
    found = drawn(lines)
    for seeds in ((1, 2), (11, 12, 11), (4,)):
        values = found.official(*seeds)
        for slot, seed in enumerate(seeds):
            _, tensors, expected = flatten(draw_inputs(found.module, seed, CPU), "inputs")
            assert are_equal(found.slot(slot), tensors)
            assert values[slot] == expected


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_was_worked_on_is_drawn_officially_again(drawn: Any, name: str) -> None:
    """Its structure is part of the task: quick inputs are those of `get_inputs` too, values included."""
    found = drawn(NOT_PLAIN[name])
    found.official(1)
    values = found.quick(5, 6)
    for slot, seed in enumerate((5, 6)):
        _, tensors, expected = flatten(draw_inputs(found.module, seed, CPU), "inputs")
        assert are_equal(found.slot(slot), tensors)
        assert values[slot] == expected


def test_plain_inputs_are_drawn_in_place_without_the_task(drawn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`get_inputs` is not called; equal seeds draw equal inputs, other seeds others, and no other slot is touched."""
    found = drawn(PLAIN)
    found.official(1, 2, 3)
    untouched = found.slot(2)
    monkeypatch.setattr(found.draws, "_module", None)
    assert found.quick(5, 6) == [[], []]
    first, second = found.slot(0), found.slot(1)
    assert found.quick(5, 5) == [[], []]
    assert are_equal(found.slot(0), first) and are_equal(found.slot(1), first)
    assert not any(map(torch.equal, first, second))
    assert are_equal(found.slot(2), untouched)


def test_plain_inputs_come_from_the_same_distribution(drawn: Any) -> None:
    """[0, 1), standard normal, -3 to 4, 0 to 6: every integer that may come does, and none that may not."""
    found = drawn(PLAIN.replace("50", "20000").replace("(200,)", "(20000,)"))
    found.official(1)
    found.quick(3)
    uniform, normal, between, below = found.slot(0)
    assert 0 <= uniform.min() < 0.01 and 0.99 < uniform.max() < 1
    assert abs(float(uniform.double().mean()) - 0.5) < 0.01
    assert abs(float(normal.double().mean())) < 0.05 and abs(float(normal.double().std()) - 1) < 0.05
    assert between.unique().tolist() == list(range(-3, 5))
    assert below.unique().tolist() == list(range(7))


def test_before_anything_was_drawn_nothing_is_known_to_be_plain(drawn: Any) -> None:
    """The first quick draw is official."""
    found = drawn(PLAIN)
    found.quick(8)
    assert are_equal(found.slot(0), draw_inputs(found.module, 8, CPU))


def test_an_expanded_input_is_written_once(drawn: Any) -> None:
    """All its rows are one memory."""
    found = drawn(NOT_PLAIN["expanded"])
    found.official(4)
    assert found.rings[0].tensors[0].stride() == (0, 1)
    assert are_equal(found.slot(0), draw_inputs(found.module, 4, CPU))


@pytest.mark.parametrize(
    "lines",
    [
        "return [torch.rand(next(count), 4)]",
        "return [torch.rand(4)] * next(count)",
        "return [torch.rand(4, dtype=[None, torch.float32, torch.float64, torch.float64][next(count)])]",
        "return [torch.rand(4)] + [3] * next(count)",
        "return [torch.rand(4), [(), [1], [2, 3]][next(count) - 1]]",
    ],
    ids=["shape", "number", "dtype", "values", "structure"],
)
def test_inputs_that_look_otherwise_each_time_are_the_task_s_fault(drawn: Any, lines: str) -> None:
    """The message names the task and what to do."""
    found = drawn(lines, "import itertools\ncount = itertools.count(1)\n")
    found.official(1)  # the module of the judge is one of its own, whose first inputs are those
    with pytest.raises(TaskError, match=r"l0_p001 Scaled_sum: get_inputs returns another structure.*leave it out"):
        found.official(1)
