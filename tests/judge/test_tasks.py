"""Tasks of every kind that KernelBench's format allows, each judged with its own reference and with kernels."""

import re
from dataclasses import replace
from typing import Any

import pytest

from kbwf.errors import TaskError
from kbwf.judge import bench
from kbwf.judge.describing import describe_task
from kbwf.records import EvalStatus, Task
from kbwf.sandbox.messages import Description
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from kbwf.verdict.tolerance import EXACT
from tests.judge.problems import FAST, HONEST_KERNEL, judge
from tests.judge.quirks import REFUSED, SAME, TASKS, kernel, quirk

STATUS = EvalStatus

FFT = """n = x.shape[-1]
k = torch.arange(n)
return x.to(torch.complex64) @ torch.exp(-2j * torch.pi * k[:, None] * k[None, :] / n).to(torch.complex64)"""
NORMALISE = (
    """return (x - x.mean(0)) * torch.rsqrt(x.var(0, unbiased=False) + self.bn.eps) * self.bn.weight + self.bn.bias"""
)
NEVER_TWICE = """seen = self.__dict__.setdefault("seen", set())
assert k not in seen
seen.add(k)
return x * k"""
FORGET_ITS_PLACE = "y = x.add_(1)\nx.zero_()\nreturn y"

CASES = {
    "rand_scalar": [("never_twice", kernel(NEVER_TWICE, "x, k"), STATUS.PASSED, "")],
    "integer_output": [
        ("off", kernel("return (torch.argmax(x, 1) + 1) % 8"), STATUS.WRONG_VALUES, "^8 of 8 entries differ$"),
        ("float", kernel("return torch.argmax(x, 1).float()"), STATUS.WRONG_DTYPE, "float32 on cpu, expected int64"),
    ],
    "expanded_output": [("dense", kernel("return x.mean(0).repeat(8, 1)"), STATUS.PASSED, "")],
    "complex_output": [
        ("matmul", kernel(FFT), STATUS.PASSED, ""),
        ("conjugate", kernel("return torch.fft.fft(x).conj()"), STATUS.WRONG_VALUES, "^48 of 64 values"),
    ],
    "tuple_output": [
        ("list", kernel("return [x.sum(0), {'a': (x.half(),), 'b': x > 0.5}]"), STATUS.PASSED, ""),
        ("key", kernel("return x.sum(0), {'b': x > 0.5}"), STATUS.WRONG_TYPE, "^forward returned a tuple of 2"),
        ("last", kernel("return x.sum(0), {'b': x > 0.5, 'a': [x.half() + 1]}"), STATUS.WRONG_VALUES, "error 1$"),
        ("flags", kernel("return x.sum(0), {'b': x > 2, 'a': [x.half()]}"), STATUS.WRONG_VALUES, "entries differ"),
    ],
    "named_tuple_output": [
        ("plain", kernel("return x.amax(1), x.argmax(1)"), STATUS.PASSED, ""),
        ("places", kernel("return x.amax(1), x.argmin(1)"), STATUS.WRONG_VALUES, "entries differ"),
    ],
    "empty_output": [("zeros", kernel("return torch.zeros(0), x.sum()"), STATUS.PASSED, "")],
    "batch_norm": [("own", kernel(NORMALISE, init="self.bn = nn.BatchNorm1d(8)"), STATUS.PASSED, "")],
    "in_place": [
        ("pure", kernel("return x + 1"), STATUS.PASSED, ""),
        ("undone", kernel("return x"), STATUS.WRONG_VALUES, "max abs error 1$"),
        ("elsewhere", kernel(FORGET_ITS_PLACE), STATUS.WRONG_VALUES, "max abs error"),
    ],
    "part_in_place": [("pure", kernel("return x[1:].sum(0)"), STATUS.PASSED, "")],
    "relu_in_place": [("pure", kernel("return torch.relu(x)"), STATUS.PASSED, "")],
    "copy": [("alias", kernel("return x"), STATUS.INPUT_CHANGED, "^the result shares memory with an input")],
    "view": [("alias", kernel("return x.reshape(-1)"), STATUS.PASSED, "")],
}  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
def test_a_task_s_own_reference_passes_and_kernels_get_what_they_deserve(handler: EvaluateHandler, name: str) -> None:
    """Right ones pass, also with a list for a tuple or a copy for a view; wrong ones are told why."""
    for case, source, status, message in [("same", SAME, STATUS.PASSED, "^$"), *CASES.get(name, [])]:
        evaluation = judge(handler, source, TASKS[name])
        assert evaluation.status == status, (case, evaluation.message, evaluation.trace)
        assert re.search(message, evaluation.message), (case, evaluation.message)


GROWS = quirk("return x[x > 2], x.sum()").model_copy(update={"admits": (("scaled",),)})
RAISES = quirk("assert x.max() < 2\nreturn x * 2").model_copy(update={"admits": (("scaled",),)})


@pytest.mark.parametrize("task", [GROWS, RAISES], ids=["grows", "raises"])
def test_varied_inputs_that_a_reference_cannot_take_after_all_are_left_out(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    """On the draws that were tried out it may have gone well by chance; here it is said to have."""

    def describe_by_chance(*arguments: Any) -> Description:
        description = describe_task(*arguments)
        assert "scaled_up" not in description.yardstick.errors, "the draw was tried out, and is not admitted"
        yardstick = replace(description.yardstick, errors={"scaled_up": EXACT})
        return description.model_copy(update={"yardstick": yardstick})

    monkeypatch.setattr(bench, "describe_task", describe_by_chance)
    evaluation = judge(handler, SAME, task)
    assert (evaluation.status, evaluation.message) == (STATUS.PASSED, "")
    assert evaluation.official is not None
    assert evaluation.hardened is not None
    assert evaluation.hardened.num_trials == evaluation.official.num_trials


@pytest.mark.parametrize("name", REFUSED)
def test_a_task_that_cannot_be_judged_is_refused_by_name_and_reason(handler: EvaluateHandler, name: str) -> None:
    """No kernel is to blame."""
    task, reason = REFUSED[name]
    settings = EvaluationSettings(**{**FAST.model_dump(), "reference_timeout_s": 2 if name == "hangs" else 120})
    with pytest.raises(TaskError, match=f"l0_p007 Quirk: .*{reason}"):
        judge(handler, SAME, task, settings)


def test_inputs_of_another_shape_each_time_are_told_before_any_pair_is_measured(handler: EvaluateHandler) -> None:
    """A study without identity pairs must not sample first."""
    task, reason = REFUSED["shape_that_varies"]
    with pytest.raises(TaskError, match=reason):
        handler.judge_for(FAST)[0].describe(task, FAST)


def test_after_tasks_that_cannot_be_judged_others_can(handler: EvaluateHandler) -> None:
    """The judge is as it was."""
    with pytest.raises(TaskError):
        judge(handler, SAME, REFUSED["raises"][0])
    assert judge(handler, HONEST_KERNEL).status == STATUS.PASSED


def evaluated(task: Task) -> Task:
    """The same task, its modules in evaluation mode."""
    return task.model_copy(update={"module_mode": "eval"})


def test_the_mode_of_modules_is_the_task_s(handler: EvaluateHandler) -> None:
    """In evaluation mode dropout does nothing, and batch normalisation goes by running statistics, here 0 and 1."""
    dropout = quirk("return self.dropout(x)", init="self.dropout = nn.Dropout(0.5)")
    assert judge(handler, kernel("return x.clone()"), evaluated(dropout)).status == STATUS.PASSED
    with pytest.raises(TaskError, match="give different outputs"):
        judge(handler, SAME, dropout)
    by_running = kernel("return x / (1 + self.bn.eps) ** 0.5", init="self.bn = nn.BatchNorm1d(8)")
    assert judge(handler, by_running, evaluated(TASKS["batch_norm"])).status == STATUS.PASSED
    assert judge(handler, by_running, TASKS["batch_norm"]).status == STATUS.WRONG_VALUES
