"""What the reference's runner says of a task."""

from typing import Any

import pytest
import torch

from kbwf.sandbox.messages import Description
from kbwf.sandbox.reference import describe

CPU = torch.device("cpu")


class Problem:
    """A task's module: these inputs under any seed, unless they draw."""

    def __init__(self, *inputs: Any) -> None:
        self.inputs = inputs

    def get_inputs(self) -> list[Any]:
        """Tensors are copies, so that a change in place is not seen the next time."""
        return [
            each.clone() if isinstance(each, torch.Tensor) and each.is_contiguous() else each for each in self.inputs
        ]


class Model(torch.nn.Module):
    """A model that calls this function with itself."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function
        self.num_calls = 0

    def forward(self, *arguments: Any) -> Any:
        """One more call."""
        self.num_calls += 1
        return self.function(self, *arguments)


X = torch.arange(6, dtype=torch.float32).view(2, 3)


def described(function: Any, *inputs: Any) -> Description:
    """The description of a task with this forward; without inputs given, it has one of shape (2, 3)."""
    with torch.no_grad():
        return describe(Problem(*(inputs or (X,))), Model(function), 7, CPU, None)


def test_a_description_says_what_goes_in_and_what_comes_out() -> None:
    """Structures, layouts, values; nothing aliased or changed; no memory beside."""
    found = described(lambda self, x, pair, k: {"a": x @ pair[0], "n": 3, "b": (x > k,)}, X, (torch.ones(3, 4), 1), 2.5)
    assert found.arguments == ["list", [["tensor"], ["tuple", [["tensor"], ["value"]]], ["value"]]]
    assert [layout.shape for layout in found.inputs] == [[2, 3], [3, 4]]
    assert found.values == [1, 2.5]
    assert found.result == ["dict", [["a", ["tensor"]], ["n", ["value"]], ["b", ["tuple", [["tensor"]]]]]]
    assert [(layout.shape, layout.dtype) for layout in found.outputs] == [([2, 4], "float32"), ([2, 3], "bool")]
    assert all(layout.num_slots == 1 for layout in (*found.inputs, *found.outputs))
    assert (found.aliases, found.changes_inputs, found.equals_itself, found.peak_bytes) == ([False] * 2, False, True, 0)


def test_an_expanded_input_keeps_its_strides_and_an_expanded_output_becomes_dense() -> None:
    """An output is memory that is written to."""
    found = described(lambda self, x: x[:1].expand(8, 3), torch.rand(1, 3).expand(5, 3))
    assert found.inputs[0].stride == [0, 1]
    assert found.outputs[0].stride == [3, 1]


@pytest.mark.parametrize(
    ("function", "changes_inputs", "aliases"),
    [
        (lambda self, x: x + 1, False, [False]),
        (lambda self, x: x.add_(1), True, [True]),
        (lambda self, x: x.relu_() * 2, False, [False]),  # in place, but nothing was below 0
        (lambda self, x: x.sub_(1).relu_() * 2, True, [False]),
        (lambda self, x: x.view(-1), False, [True]),
        (lambda self, x: (x.t(), x.clone()), False, [True, False]),
    ],
)
def test_what_becomes_of_inputs_is_seen(function: Any, changes_inputs: bool, aliases: list[bool]) -> None:
    """Changed or not, and which outputs are views of one; the second call meets the inputs as they were."""
    found = described(function)
    assert (found.changes_inputs, found.aliases, found.equals_itself) == (changes_inputs, aliases, True)


def test_nan_in_an_input_is_no_change() -> None:
    """It equals nothing, but it is still there; turned into a number it is a change."""
    x = torch.tensor([1.0, torch.nan])
    assert not described(lambda self, x: x * 2, x).changes_inputs
    assert described(lambda self, x: x.nan_to_num_() * 2, x).changes_inputs


@pytest.mark.parametrize(
    "function",
    [
        lambda self, x: torch.nn.functional.dropout(x, 0.5, training=self.training),
        lambda self, x: x + torch.randn_like(x),
        lambda self, x: x * self.num_calls,
        lambda self, x: x[: self.num_calls],
        lambda self, x: (x, x) if self.num_calls == 1 else (x,),
        lambda self, x: torch.full((3,), self.num_calls),
        lambda self, x: x.double() if self.num_calls == 1 else x,
        lambda self, x: x * (torch.nan if self.num_calls == 1 else 1),
    ],
    ids=["dropout", "randn", "counter", "shape", "structure", "integer", "dtype", "nan"],
)
def test_a_reference_that_differs_from_itself_is_seen(function: Any) -> None:
    """Drawn at random, or with a state: nothing could be held against it."""
    assert not described(function, torch.ones(64)).equals_itself


@pytest.mark.parametrize(
    "function",
    [
        lambda self, x: x * (1 + 1e-3 * self.num_calls),
        lambda self, x: x.log(),
        lambda self, x: x[:0],
        lambda self, x: x > 0,
        lambda self, x: torch.complex(x, x),
        lambda self, x: x.half(),
    ],
    ids=["other_sums", "nan", "empty", "bool", "complex", "half"],
)
def test_a_reference_equals_itself_to_within_another_order_of_summation(function: Any) -> None:
    """A thousandth is not chance; NaN in the same places is the same."""
    assert described(function).equals_itself


def test_a_module_s_dropout_is_random_in_training_mode_alone() -> None:
    """Which is how a module is made."""
    model = Model(lambda self, x: self.dropout(x))
    model.dropout = torch.nn.Dropout(0.5)
    with torch.no_grad():
        assert not describe(Problem(torch.ones(64)), model.train(), 7, CPU, None).equals_itself
        assert describe(Problem(torch.ones(64)), model.eval(), 7, CPU, None).equals_itself


@pytest.mark.parametrize(
    ("function", "inputs", "reason"),
    [
        (lambda self, x, n: x, (X, X.numpy()), r"get_inputs\(\)\[1\] is a numpy.ndarray"),
        (lambda self, x: [x, {1}], (X,), r"the result of forward\[1\] is a builtins.set"),
        (lambda self, x: x.to_sparse(), (X,), "the result of forward is a torch.sparse_coo tensor"),
        (lambda self, x: 2.5, (X,), "forward returns no tensor"),
        (lambda self, x: None, (X,), "forward returns no tensor"),
        (lambda self, x: [], (X,), "forward returns no tensor"),
    ],
    ids=["array", "set", "sparse", "number", "nothing", "empty_list"],
)
def test_what_cannot_be_judged_is_named(function: Any, inputs: tuple[Any, ...], reason: str) -> None:
    """Where it is, and what it is."""
    with pytest.raises(TypeError, match=reason):
        described(function, *inputs)


def test_what_the_reference_raises_is_raised() -> None:
    """It is the task's own fault, and the judge says so."""
    with pytest.raises(ZeroDivisionError):
        described(lambda self, x: 1 / 0)


def test_a_task_may_have_no_tensor_among_its_inputs() -> None:
    """Values alone, or nothing at all."""
    assert described(lambda self, n: torch.ones(n), 3).inputs == []
    assert described(lambda self, nothing: torch.ones(2), ()).arguments == ["list", [["tuple", []]]]


def test_a_reference_whose_results_are_no_numbers_is_refused() -> None:
    """NaN everywhere equals itself, and any kernel that gives it."""
    with pytest.raises(ValueError, match="none can be told right from wrong"):
        described(lambda self, x: x * torch.nan)


def test_where_tf32_hides_the_result_nobody_may_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deep network in training mode may be off by half its own size; without TF32 it can be judged."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)

    def forward(self: Any, x: torch.Tensor, error_frac: float) -> torch.Tensor:
        is_rounded = torch.backends.cudnn.allow_tf32 and x.dtype == torch.float32
        return 2 * x + error_frac * x.flip(0) if is_rounded else 2 * x

    said = []
    for error_frac in (1e-3, 1e-1):
        found = described(forward, torch.rand(64, 64), error_frac)
        said.append((found.may_use_tf32, torch.backends.cudnn.allow_tf32, found.yardstick.is_decidable))
    assert said == [(True, True, True), (False, False, True)]


def test_a_truth_that_cannot_be_wide_is_not_the_reference_s_fault() -> None:
    """A copy in float64 whose lambda still holds the layer in float32: full float32 stands in for the truth."""

    class Held(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(64, 64)
            layer = self.layer
            self.held = lambda x: layer(x) * 2

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.held(x)

    with torch.no_grad():
        found = describe(Problem(torch.rand(64, 64)), Held(), 7, CPU, None)
    assert found.yardstick.is_decidable and found.yardstick.errors
    assert found.yardstick.official.rms_frac == 0.0


def test_a_truth_without_memory_leaves_the_reference_its_own_measure() -> None:
    """Each dearer truth fails: nothing stands in for it, and the reference is as exact as itself."""

    def fails_when_wide(self: Any, x: torch.Tensor) -> torch.Tensor:
        if x.dtype == torch.float64:
            raise torch.OutOfMemoryError("too wide")
        return x * 2

    found = described(fails_when_wide, torch.rand(64, 64))
    assert found.yardstick.is_decidable and found.yardstick.errors


def test_a_reference_that_fails_later_is_not_called_over_and_over() -> None:
    """What it raises while it is measured is its own, whatever the truth would be."""

    def fails_at_the_third_call(self: Any, x: torch.Tensor) -> torch.Tensor:
        if self.num_calls > 2:
            raise ZeroDivisionError(f"call {self.num_calls}")
        return x * 2

    with pytest.raises(ZeroDivisionError, match="call 3"):
        described(fails_at_the_third_call, torch.rand(64, 64))


def test_by_what_results_are_judged_is_measured() -> None:
    """What the task says that it admits, or what was tried out; an in-place reference meets equal inputs each time."""
    x = torch.rand(64, 64)
    problem, model = Problem(x), Model(lambda self, x: x.mul_(3).sum(dim=-1))
    with torch.no_grad():
        said = describe(problem, model, 7, CPU, (("signed",),)).yardstick
        tried = describe(problem, model, 7, CPU, None).yardstick
    assert (said.admits, list(said.errors)) == ((("signed",),), ["signed"])
    assert set(tried.errors) > {"signed"}
    assert 0 < said.official.rms_frac < 1e-6
    assert (said.degenerate, said.own_failure) == ((), "")
