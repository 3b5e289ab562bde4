"""Every bundled problem and every formulation keeps what suite.yaml says of it.

The formulations are the project's own, so they may run here.
"""

import ast
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from kbwf.records import Task
from kbwf.settings import TaskSettings
from kbwf.tasks import locations
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.prompts import forward_arguments
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import Formulation, SuiteEntry, load_suite

SUITE = load_suite()
TOLERANCE = 1e-4
"""KernelBench's for float32, relative and absolute."""


@pytest.fixture(autouse=True)
def no_grad() -> Iterator[None]:
    """As in the judge."""
    with torch.no_grad():
        yield


@pytest.fixture(params=sorted(SUITE), ids=lambda problem_id: f"p{problem_id:03d}")
def task(request: pytest.FixtureRequest) -> Task:
    """Each bundled task in turn."""
    return load_task(TaskSettings(), request.param)


@pytest.fixture
def entry(task: Task) -> SuiteEntry:
    """What suite.yaml says of the task."""
    return SUITE[task.problem_id]


def namespace_of(source: str) -> dict[str, Any]:
    """What the source defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "kernel", "exec"), namespace)
    return namespace


def drawn(namespace: dict[str, Any], name: str, seed: int) -> tuple[Callable[..., Any], list[torch.Tensor]]:
    """A model and its inputs after seeding, as the judge draws them."""
    torch.manual_seed(seed)
    model = namespace[name](*namespace["get_init_inputs"]())
    return model, namespace["get_inputs"]()


def kernel_of(task: Task, formulation: Formulation) -> dict[str, Any]:
    """The formulation as a module with Model and ModelNew."""
    extraction = extract_kernel(formulation.body, task, "forward_body")
    if extraction.kernel_source is None:
        raise SyntaxError(extraction.reason)
    return namespace_of(extraction.kernel_source)


def is_right(kernel: dict[str, Any], seed: int) -> bool:
    """KernelBench's verdict on one seed, dtype and type included."""
    reference, inputs = drawn(kernel, "Model", seed)
    candidate, same_inputs = drawn(kernel, "ModelNew", seed)
    expected, found = reference(*inputs), candidate(*same_inputs)
    return (
        type(found) is torch.Tensor
        and found.shape == expected.shape
        and found.dtype == expected.dtype
        and torch.allclose(expected, found, rtol=TOLERANCE, atol=TOLERANCE)
        and all(torch.equal(before, after) for before, after in zip(inputs, same_inputs, strict=True))
    )


def best_ms(model: Callable[..., Any], inputs: list[torch.Tensor], num_calls: int) -> float:
    """Fastest of some calls."""
    times_s = []
    for _ in range(num_calls):
        start_s = time.perf_counter()
        model(*inputs)
        times_s.append(time.perf_counter() - start_s)
    return min(times_s) * 1e3


def test_suite_describes_exactly_the_problems_there_are() -> None:
    """No problem without an entry, no entry without a problem."""
    assert tuple(SUITE) == locations.problem_ids(TaskSettings())


def test_suite_has_enough_tasks_of_either_kind() -> None:
    """Six with an honestly faster formulation, four without, at least."""
    has_faster = Counter(entry.has_faster for entry in SUITE.values())
    assert has_faster[True] >= 6
    assert has_faster[False] >= 4


def test_task_has_formulations_of_each_kind(entry: SuiteEntry) -> None:
    """The corpus of the demo policy: four plain, a slow one, two wrong ones, one that crashes; a fast one if known."""
    kinds = Counter(formulation.kind for formulation in entry.formulations)
    assert kinds["plain"] >= 4
    assert kinds["slow"] >= 1
    assert kinds["wrong"] >= 2
    assert kinds["crashing"] >= 1
    assert (kinds["fast"] >= 1) == entry.has_faster
    assert len({formulation.body for formulation in entry.formulations}) == len(entry.formulations)


def test_reference_is_deterministic_small_and_not_constant(task: Task, entry: SuiteEntry) -> None:
    """Below 30 MB, seeded draws repeat, outputs vary; integer inputs admit no variation."""
    namespace = namespace_of(task.reference_source)
    reference, inputs = drawn(namespace, "Model", 0)
    output = reference(*inputs)
    again, same_inputs = drawn(namespace, "Model", 0)
    assert torch.equal(again(*same_inputs), output)
    assert type(output) is torch.Tensor
    assert output.dtype == torch.float32
    assert output.isfinite().all()
    assert output.std() > 100 * TOLERANCE
    assert output.abs().mean() > 100 * TOLERANCE
    assert sum(tensor.nbytes for tensor in (*inputs, output)) < 30e6
    assert len(entry.admits) == len(inputs)
    for tensor, variations in zip(inputs, entry.admits, strict=True):
        assert bool(variations) == tensor.is_floating_point()


def test_inputs_and_parameters_follow_the_default_device(task: Task) -> None:
    """The judge draws them under `torch.device`; `meta` stands for a device that is not the CPU."""
    namespace = namespace_of(task.reference_source)
    with torch.device("meta"):
        model, inputs = drawn(namespace, "Model", 0)
    assert all(tensor.is_meta for tensor in inputs)
    assert model(*inputs).is_meta


def test_plain_fast_and_slow_formulations_are_right(task: Task, entry: SuiteEntry) -> None:
    """Within KernelBench's tolerance on several seeds, inputs unchanged."""
    for formulation in entry.formulations:
        if formulation.kind in ("plain", "fast", "slow"):
            kernel = kernel_of(task, formulation)
            assert all(is_right(kernel, seed) for seed in (1, 2)), formulation.body


def test_wrong_formulations_run_and_are_wrong(task: Task, entry: SuiteEntry) -> None:
    """They differ in values, shape or dtype on every seed."""
    for formulation in entry.formulations:
        if formulation.kind == "wrong":
            kernel = kernel_of(task, formulation)
            assert not any(is_right(kernel, seed) for seed in (1, 2)), formulation.body


def test_crashing_formulations_raise(task: Task, entry: SuiteEntry) -> None:
    """When parsed, or when called."""
    for formulation in entry.formulations:
        if formulation.kind == "crashing":
            with pytest.raises(Exception):  # noqa: B017  any error counts as a crash
                is_right(kernel_of(task, formulation), 1)


@pytest.mark.timing
def test_a_reference_takes_milliseconds(task: Task) -> None:
    """Below ten, so that the demo takes minutes."""
    reference, inputs = drawn(namespace_of(task.reference_source), "Model", 0)
    assert best_ms(reference, inputs, 10) < 10


@pytest.mark.timing
def test_fast_formulations_are_faster(task: Task, entry: SuiteEntry) -> None:
    """By a factor of 1.2 at least, best calls of interleaved blocks; 1.5 is what they reach on a quiet machine."""
    for formulation in entry.formulations:
        if formulation.kind == "fast":
            kernel = kernel_of(task, formulation)
            reference, inputs = drawn(kernel, "Model", 1)
            candidate, _ = drawn(kernel, "ModelNew", 1)
            ref_ms, new_ms = float("inf"), float("inf")
            for _ in range(6):
                ref_ms = min(ref_ms, best_ms(reference, inputs, 5))
                new_ms = min(new_ms, best_ms(candidate, inputs, 5))
            assert ref_ms / new_ms > 1.2, formulation.body


def test_bodies_use_the_arguments_of_the_reference(task: Task, entry: SuiteEntry) -> None:
    """Each right formulation names every input, so that none is right by ignoring one."""
    arguments = forward_arguments(task.reference_source).split(", ")[1:]
    for formulation in entry.formulations:
        if formulation.kind in ("plain", "fast", "slow"):
            names = {node.id for node in ast.walk(ast.parse(formulation.body)) if isinstance(node, ast.Name)}
            assert set(arguments) <= names, formulation.body
