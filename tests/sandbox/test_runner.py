"""What a runner answers, without a process of its own: models that this file wrote, on the CPU."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from kbwf.sandbox.buffers import Ring, dense_layout_of, layout_of
from kbwf.sandbox.messages import Done, Load, Misfit, Open, Run
from kbwf.sandbox.outcomes import Stop
from kbwf.sandbox.runner import Runner
from kbwf.sandbox.structure import flatten
from tests.sandbox.reading import read

CPU = torch.device("cpu")
X = torch.arange(6, dtype=torch.float32).view(2, 3)
NUM_SLOTS = 3


class Made:
    """A runner whose model is a function, with the judge's side of its inputs."""

    def __init__(self, inputs: list[Any], like: Any, may_alias: bool = False) -> None:
        """Args: arguments as a task's `get_inputs` returns them, and a result like the reference's."""
        arguments, tensors, self.values = flatten(inputs, "inputs")
        result, outputs, _ = flatten(like, "result")
        self.rings = [Ring(layout_of(tensor), NUM_SLOTS, CPU) for tensor in tensors]
        for ring, tensor in zip(self.rings, tensors, strict=True):
            for slot in range(NUM_SLOTS):
                ring.tensors[slot].copy_(tensor + slot)
        self.layouts = [dense_layout_of(output) for output in outputs]
        opening = Open(
            inputs=[ring.layout for ring in self.rings],
            num_slots=NUM_SLOTS,
            outputs=self.layouts,
            arguments=arguments,
            result=result,
            may_alias=[may_alias] * len(outputs),
        )
        self.runner = Runner(opening, [os.dup(ring.descriptors[0]) for ring in self.rings], CPU)

    def run(self, function: Any, **request: Any) -> Done:
        """What the runner answers for all slots, or those of the request."""
        self.runner.model = function
        slots = request.pop("slots", list(range(NUM_SLOTS)))
        values = [self.values for _ in slots] if self.values else None
        return self.runner.run(Run(**{"slots": slots, "values": values, **request}))

    def misfit(self, function: Any, **request: Any) -> Misfit:
        """The message that stops a request."""
        with pytest.raises(Stop) as caught:
            self.run(function, **request)
        assert isinstance(caught.value.message, Misfit)
        return caught.value.message

    def results(self, done: Done) -> list[list[torch.Tensor]]:
        """What lies where the runner said."""
        return [
            [read(claim, layout) for claim, layout in zip(call, self.layouts, strict=True)] for call in done.results
        ]


@pytest.fixture
def made() -> Iterator[Made]:
    """One input X + slot, a result like it."""
    found = Made([X], X)
    yield found
    for ring in found.rings:
        ring.close()


def test_every_slot_is_one_call_in_the_order_asked_for(made: Made) -> None:
    """Each result is of its own slot's input."""
    results = made.results(made.run(lambda x: x * 2, slots=[2, 0]))
    assert torch.equal(results[0][0], (X + 2) * 2)
    assert torch.equal(results[1][0], X * 2)


def test_nothing_is_called_for_an_empty_request(made: Made) -> None:
    """And nothing is claimed."""
    assert made.run(lambda x: 1 / 0, slots=[]) == Done(results=[])


def test_values_stay_with_their_slot_until_others_come() -> None:
    """A request without values uses the last ones."""
    made = Made([X, 0.5], X)
    first = made.run(lambda x, k: x * k, slots=[0, 1], values=[[2], [3]])
    assert [float(result[0][1, 2]) for result in made.results(first)] == [10.0, 18.0]
    again = made.run(lambda x, k: x * k, slots=[1], values=None)
    assert float(made.results(again)[0][0][1, 2]) == 18.0


def test_a_task_without_tensors_has_slots_too() -> None:
    """Their values alone make the call."""
    made = Made([3], torch.zeros(3))
    done = made.run(lambda n: torch.full((3,), float(n)), slots=[1, 2], values=[[7], [8]])
    assert [float(result[0][0]) for result in made.results(done)] == [7.0, 8.0]


STRIDED = {
    "dense": lambda x: x + 1,
    "transposed": lambda x: (x.t() + 1).contiguous().t(),
    "expanded": lambda x: (x[:1] * 0 + 1).expand(2, 3),
    "offset": lambda x: torch.cat([x, x])[2:],
    "parameter": lambda x: torch.nn.Parameter(x * 2),
    "negative": lambda x: torch.imag(torch.complex(x, x).conj()),
    "spread": lambda x: torch.stack([x] * 5000, dim=-1)[..., 7],
}


@pytest.mark.parametrize("name", STRIDED)
def test_a_result_is_found_where_it_lies_whatever_its_strides(made: Made, name: str) -> None:
    """Or in a copy, if it is spread out or its values are not what lies in memory."""
    results = made.results(made.run(STRIDED[name], slots=[1]))
    assert torch.equal(results[0][0], STRIDED[name](X + 1))


def test_a_conjugate_is_resolved() -> None:
    """What lies in memory has the other sign."""
    made = Made([X], torch.complex(X, X))
    done = made.run(lambda x: torch.complex(x, x + 1).conj(), slots=[0])
    assert torch.equal(made.results(done)[0][0], torch.complex(X, -(X + 1)))


def test_results_stay_until_others_are_asked_for(made: Made) -> None:
    """The runner holds them, although the model has forgotten them; an empty request asks for none."""
    done = made.run(lambda x: x + 1)
    kept = [result[0] for result in made.runner._kept]
    assert [each.data_ptr() for each in kept] == [claims[0][0] for claims in done.results]
    assert made.run(lambda x: x + 1, slots=[]).results == []
    assert [result[0] for result in made.runner._kept] == kept
    made.run(lambda x: x + 2, slots=[1])
    assert len(made.runner._kept) == 1 and made.runner._kept[0][0] is not kept[0]


@pytest.fixture
def lenient() -> Iterator[Made]:
    """The same, of a reference that returns memory of its input."""
    found = Made([X], X, may_alias=True)
    yield found
    for ring in found.rings:
        ring.close()


def test_a_result_that_is_an_input_is_copied(lenient: Made) -> None:
    """The judge writes into inputs before it looks at results; also for a view, and for what was done in place."""
    for function, expected in ((lambda x: x, X), (lambda x: x.view(3, 2).view(2, 3), X), (lambda x: x.add_(1), X + 1)):
        done = lenient.run(function, slots=[0])
        lenient.rings[0].memory.fill_(0)
        assert torch.equal(lenient.results(done)[0][0], expected)
        lenient.rings[0].tensors[0].copy_(X)


def test_an_alias_of_an_input_is_refused(made: Made, lenient: Made) -> None:
    """Of any slot's input; where the reference does so too, it is taken."""
    seen: list[torch.Tensor] = []

    def another_slot(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return seen[0]

    for function in (lambda x: x, lambda x: x[:], another_slot):
        assert made.misfit(function).what == "input_changed"
        seen.clear()
        assert len(lenient.run(function).results) == NUM_SLOTS
    assert len(made.run(lambda x: x.clone()).results) == NUM_SLOTS


class _Lazy(torch.Tensor):
    pass


def _with_an_attribute(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y.later = 1  # type: ignore[attr-defined]
    return y


@pytest.mark.parametrize(
    ("function", "what", "found", "expected"),
    [
        (lambda x: None, "wrong_type", "a NoneType", "a plain torch.Tensor"),
        (lambda x: [x * 2], "wrong_type", "a list", "a plain torch.Tensor"),
        (
            lambda x: (x * 2).as_subclass(_Lazy),
            "wrong_type",
            f"a {__name__}._Lazy",
            "a plain torch.Tensor",
        ),
        (_with_an_attribute, "wrong_type", "a torch.Tensor with attributes of its own", "a plain torch.Tensor"),
        (lambda x: (x * 2).to_sparse(), "wrong_type", "a torch.sparse_coo tensor", "a dense tensor"),
        (lambda x: x.sum(), "wrong_shape", "[]", "[2, 3]"),
        (lambda x: x[:, :, None] * 2, "wrong_shape", "[2, 3, 1]", "[2, 3]"),
        (lambda x: x.double(), "wrong_dtype", "float64 on cpu", "float32 on cpu"),
        (lambda x: torch.empty(2, 3, device="meta"), "wrong_dtype", "float32 on meta", "float32 on cpu"),
    ],
    ids=["nothing", "list", "subclass", "attribute", "sparse", "fewer", "more", "dtype", "device"],
)
def test_a_result_that_does_not_fit_is_described(
    made: Made, function: Any, what: str, found: str, expected: str
) -> None:
    """What it is, what it should be, and which call it was."""
    misfit = made.misfit(lambda x: x * 2 if x[0, 0] == 0 else function(x))
    assert (misfit.what, misfit.found, misfit.expected, misfit.num_done) == (what, found, expected, 1)


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x: (x * 2,), "a tuple of 1"),
        (lambda x: [x * 2, {"b": x}, x], "a list of 3"),
        (lambda x: {"a": x}, "a dict of 1"),
        (lambda x: x * 2, "a torch.Tensor"),
        (lambda x: [x * 2, {"c": x}], "a list of 2"),
    ],
)
def test_another_structure_is_named(function: Any, found: str) -> None:
    """By its outermost kind; the reference returned a tuple of a tensor and a dict."""
    made = Made([X], (X, {"b": X}))
    misfit = made.misfit(function)
    assert (misfit.what, misfit.expected) == ("wrong_type", "the reference's structure")
    assert misfit.found.startswith(found)


def test_several_results_are_claimed_in_the_reference_s_order() -> None:
    """A list for a tuple, and keys in another order."""
    made = Made([X], (X[0], {"b": X > 0, "a": X.long()}))
    results = made.results(made.run(lambda x: [x[0] * 2, {"a": x.long(), "b": x > 3}], slots=[0]))
    assert torch.equal(results[0][0], X[0] * 2)
    assert torch.equal(results[0][1], X > 3)
    assert torch.equal(results[0][2], X.long())


def test_an_exception_names_itself_and_the_call(made: Made) -> None:
    """Half characters and an exception that cannot be printed do no harm."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    for error, text in ((ValueError(f"no\n luck{chr(0xD800)}"), "ValueError: no luck?"), (Mute(), "Mute: ")):

        def fail(x: torch.Tensor, error: Exception = error) -> torch.Tensor:
            if x[0, 0] == 1:
                raise error
            return x * 2

        with pytest.raises(Stop) as caught:
            made.run(fail)
        message: Any = caught.value.message
        assert (message.kind, message.error, message.num_done) == ("failed", text, 1)
        assert "in fail" in message.trace and not message.is_out_of_memory


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no room"), MemoryError(), None])
def test_out_of_memory_is_told_apart(made: Made, error: Exception | None) -> None:
    """It may be the machine's fault; also what torch itself says on the CPU."""

    def fail(x: torch.Tensor) -> torch.Tensor:
        if error is None:
            return torch.empty(1 << 60, dtype=torch.uint8)
        raise error

    with pytest.raises(Stop) as caught:
        made.run(fail)
    assert caught.value.message.is_out_of_memory  # type: ignore[union-attr]


def test_a_kernel_s_model_is_made_like_the_reference_s(made: Made) -> None:
    """Same arguments, same weights, whatever its own `get_init_inputs` says."""
    reference = (
        "import torch\n\nclass Model(torch.nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.w = torch.nn.Parameter(torch.rand(n))\n\ndef get_init_inputs():\n    return [5]\n"
    )
    kernel = reference.replace("class Model(", "class ModelNew(").replace("return [5]", "return [6]")
    weights = []
    for source in (None, kernel):
        made.runner.load(Load(reference_source=reference, source=source, weights_seed=42, is_training=False), [])
        assert not made.runner.model.training
        weights.append(next(made.runner.model.parameters()))
    assert torch.equal(*weights) and weights[0].shape == (5,)
    del sys.modules["reference"], sys.modules["kernel"]
