"""Kernels that fail in every way we know: each gets its status within its limit, and harms nothing after it."""

import re
from dataclasses import dataclass

import pytest

from kbwf.records import EvalStatus
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import FAST, HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of, sample_of, task_of
from tests.sandbox.enclosure import HOST_PERMITS_NAMESPACES

STATUS = EvalStatus


@dataclass(frozen=True)
class Bad:
    """A kernel, the statuses it may get, and what its message says."""

    name: str
    source: str
    statuses: tuple[EvalStatus, ...]
    message: str


def bad(name: str, source: str, status: EvalStatus | tuple[EvalStatus, ...], message: str) -> Bad:
    """One status or several."""
    return Bad(name, source, (status,) if isinstance(status, EvalStatus) else status, message)


ALLOCATE_ALL = """kept = []
while True:
    kept.append(torch.ones(1 << 24))
"""
FORK_BOMB = """import os, time
for _ in range(2000):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
"""
SPAWN_BOMB = """import os
for _ in range(2000):
    os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
"""
FLOOD = """with open(1, "w", closefd=False) as output:
    for _ in range(200):
        print("x" * (1 << 20), file=output)
"""
GARBAGE = """import os
for descriptor in range(3, 256):
    try:
        os.write(descriptor, bytes([255]) * 4096)
    except OSError:
        pass
"""
CLOSE_ALL = """import os
os.closerange(3, 256)
"""
FORGE = """import sys
from kbwf.sandbox import messages
frame = sys._getframe()
while "connection" not in frame.f_locals:
    frame = frame.f_back
connection, calls = frame.f_locals["connection"], len(frame.f_locals["request"].slots)
"""
"""Finds the runner's connection to the judge, and how many calls this request has."""


def forge(results: str) -> str:
    """A forward that answers in the runner's place, with these results."""
    return FORGE + f"messages.send(connection, messages.Done(results={results}))\nimport time\ntime.sleep(60)"


NEW_INIT = """import torch


class ModelNew(Model):
    def __init__(self, width):
        {statement}

    def forward(self, x):
        return x
"""

_COUNTED_BY_WARDEN = () if HOST_PERMITS_NAMESPACES else (STATUS.CRASHED,)
"""Where the kernel does not count a candidate's processes, the warden does, and ends it."""
BAD_KERNELS = [
    bad("missing_model_new", "import torch\n\nclass Other(torch.nn.Module):\n    pass\n", STATUS.NO_KERNEL, "ModelNew"),
    bad("raises", kernel_of("raise ValueError('no luck')"), STATUS.RUNTIME_ERROR, "^ValueError: no luck$"),
    bad("raises_half_a_character", kernel_of("raise ValueError(chr(0xD800))"), STATUS.RUNTIME_ERROR, "^ValueError"),
    bad("raises_at_import", kernel_of(top="1 / 0"), STATUS.COMPILE_ERROR, "^ZeroDivisionError"),
    bad("raises_when_built", NEW_INIT.format(statement="raise KeyError('width')"), STATUS.COMPILE_ERROR, "^KeyError"),
    bad("exits_when_built", NEW_INIT.format(statement="raise SystemExit(0)"), STATUS.COMPILE_ERROR, "^SystemExit"),
    bad("sys_exit", kernel_of("import sys\nsys.exit(0)"), STATUS.RUNTIME_ERROR, "^SystemExit: 0$"),
    bad("os_exit", kernel_of("import os\nos._exit(0)"), STATUS.CRASHED, "exit code 0$"),
    bad("os_exit_at_import", kernel_of(top="import os\nos._exit(7)"), STATUS.CRASHED, "exit code 7$"),
    bad("segfault", kernel_of("import ctypes\nctypes.string_at(0)"), STATUS.CRASHED, "signal 11$"),
    bad("abort", kernel_of("import os\nos.abort()"), STATUS.CRASHED, "signal 6$"),
    bad("allocates_all", kernel_of(ALLOCATE_ALL), (STATUS.RUNTIME_ERROR, STATUS.CRASHED), "alloc|memory|Memory|signal"),
    bad(
        "fork_bomb",  # a fork copies all that torch has mapped, so that a busy machine may not get to the bound in time
        kernel_of(FORK_BOMB),
        (STATUS.RUNTIME_ERROR, STATUS.TIMEOUT, *_COUNTED_BY_WARDEN),
        "^BlockingIOError|no answer within" + "|signal 9" * len(_COUNTED_BY_WARDEN),
    ),
    bad(
        "spawn_bomb",  # its bound of memory may be met before that of processes
        kernel_of(SPAWN_BOMB),
        (STATUS.RUNTIME_ERROR, STATUS.CRASHED),
        "^BlockingIOError|signal 9",
    ),
    bad("floods_output", kernel_of(FLOOD + HONEST_FORWARD), STATUS.RUNTIME_ERROR, "^PermissionError"),
    bad(
        "wrong_shape",
        kernel_of("return (x * self.weight).sum(dim=0)"),
        STATUS.WRONG_SHAPE,
        r"\[1024\], expected \[64\]",
    ),
    bad("shape_that_broadcasts", kernel_of(HONEST_FORWARD + "[:, None]"), STATUS.WRONG_SHAPE, r"\[64, 1\], expected"),
    bad("wrong_dtype", kernel_of(HONEST_FORWARD + ".double()"), STATUS.WRONG_DTYPE, "float64 on cpu, expected float32"),
    bad(
        "list",
        kernel_of("return [x.sum(dim=-1)]"),
        STATUS.WRONG_TYPE,
        "^forward returned a list, expected a plain torch.Tensor$",
    ),
    bad("nothing", kernel_of("return None"), STATUS.WRONG_TYPE, "forward returned a NoneType"),
    bad(
        "subclass",
        kernel_of(HONEST_FORWARD + ".as_subclass(Lazy)", top="class Lazy(torch.Tensor): pass"),
        STATUS.WRONG_TYPE,
        "forward returned a kernel.Lazy",
    ),
    bad(
        "instance_override",
        kernel_of("y = (x * self.weight).sum(dim=-1)\ny.extra = 1\nreturn y"),
        STATUS.WRONG_TYPE,
        "returned a torch.Tensor with attributes of its own, expected a plain torch.Tensor",
    ),
    bad("input_changed", kernel_of("return x.mul_(self.weight).sum(dim=-1)"), STATUS.INPUT_CHANGED, "changed in place"),
    bad("nan", kernel_of(HONEST_FORWARD + " * float('nan')"), STATUS.WRONG_VALUES, "NaN or infinite"),
    bad("zeros", kernel_of("return torch.zeros(64)"), STATUS.WRONG_VALUES, "^64 of 64 values beyond tolerance"),
    bad("sparse", kernel_of(HONEST_FORWARD + ".to_sparse()"), STATUS.WRONG_TYPE, "sparse_coo tensor, expected a dense"),
    bad("claims_nothing", kernel_of(forge("[]")), STATUS.FLAGGED, "what is no message: 0 results, of "),
    bad("claims_too_much", kernel_of(forge("[[[0, 1]]] * (calls + 1)")), STATUS.FLAGGED, "no message: 2 results, of "),
    bad("claims_two_tensors", kernel_of(forge("[[[0, 1]] * 2] * calls")), STATUS.FLAGGED, r"of \[2\] tensors"),
    bad("claims_no_memory", kernel_of(forge("[[[12345, 1]]] * calls")), STATUS.FLAGGED, "0x3039, where nothing can be"),
    bad("claims_huge_memory", kernel_of(forge("[[[2**90, 1]]] * calls")), STATUS.FLAGGED, "where nothing can be read"),
    bad(
        "claims_a_negative_place", kernel_of(forge("[[[-8, 1]]] * calls")), STATUS.FLAGGED, "where nothing can be read"
    ),
    bad("claims_huge_strides", kernel_of(forge("[[[x.data_ptr(), 2**60]]] * calls")), STATUS.FLAGGED, "a result at"),
    bad("claims_no_strides", kernel_of(forge("[[[x.data_ptr()]]] * calls")), STATUS.FLAGGED, "a result at"),
    bad("claims_its_input", kernel_of(forge("[[[x.data_ptr(), 1]]] * calls")), STATUS.WRONG_VALUES, "error|NaN"),
    bad(
        "answers_something_else",
        kernel_of(FORGE + "messages.send(connection, messages.Loaded())\n" + HONEST_FORWARD),
        STATUS.FLAGGED,
        "'loaded' out of turn",
    ),
    bad("garbage_on_every_descriptor", kernel_of(GARBAGE + HONEST_FORWARD), STATUS.FLAGGED, "no message"),
    bad("closes_every_descriptor", kernel_of(CLOSE_ALL + HONEST_FORWARD), STATUS.CRASHED, "exit code 70$"),
]


@pytest.mark.parametrize("case", BAD_KERNELS, ids=lambda case: case.name)
def test_a_bad_kernel_gets_its_status_and_the_next_is_judged_as_if_nothing_happened(
    handler: EvaluateHandler, case: Bad
) -> None:
    """Status and reason as expected, no timing, a bounded trace; the honest kernel after it passes."""
    evaluation = judge(handler, case.source)
    assert evaluation.status in case.statuses, (evaluation.message, evaluation.trace)
    assert re.search(case.message, evaluation.message), evaluation.message
    assert evaluation.timing is None
    assert len(evaluation.message) <= 500 and len(evaluation.trace) <= 4000
    assert type(evaluation).from_json(evaluation.to_json().encode().decode(), "memory") == evaluation
    assert judge(handler, HONEST_KERNEL).status == STATUS.PASSED


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("", "empty response"),
        ("I would rather not.", "syntax error"),
        ("Multiply, then add.\n```python\n```", "syntax error"),
        ("```python\nreturn (x * self.weight).sum(\n```", "syntax error in line 1"),
        ("x * 2", "no return statement"),
        ("def forward(self, x, y):\n    return x + y", r"wrong signature: forward takes \(self, x\).*\(self, x, y\)"),
    ],
    ids=["empty", "prose", "empty_block", "syntax_error", "no_return", "wrong_signature"],
)
def test_a_response_without_a_kernel_gets_the_reason_and_no_process(
    handler: EvaluateHandler, response: str, reason: str
) -> None:
    """NO_KERNEL with the reason, no seconds spent; the honest kernel after it passes."""
    evaluation = handler.evaluate(task_of(), sample_of(response), FAST, PromptSettings(), store=None)
    assert evaluation.status == STATUS.NO_KERNEL
    assert re.search(reason, evaluation.message), evaluation.message
    assert evaluation.kernel_source is None and evaluation.seconds_s == {}
    honest = handler.evaluate(task_of(), sample_of(HONEST_FORWARD), FAST, PromptSettings(), store=None)
    assert honest.status == STATUS.PASSED


@pytest.mark.parametrize(
    "source",
    [kernel_of("while True: pass"), kernel_of(top="import time\ntime.sleep(1000)")],
    ids=["forward", "import"],
)
def test_a_kernel_that_hangs_is_killed_at_its_limit(handler: EvaluateHandler, source: str) -> None:
    """TIMEOUT, although the task's bench was made for a longer limit; the honest kernel after it passes."""
    patient, settings = (EvaluationSettings(**{**FAST.model_dump(), "timeout_s": limit_s}) for limit_s in (3600, 1))
    judge(handler, HONEST_KERNEL, settings=patient)
    evaluation = judge(handler, source, settings=settings)
    assert (evaluation.status, evaluation.message) == (STATUS.TIMEOUT, "no answer within evaluation.timeout_s")
    assert judge(handler, HONEST_KERNEL).status == STATUS.PASSED


def test_the_trace_says_where_the_kernel_failed(handler: EvaluateHandler) -> None:
    """The kernel's own source line is in the traceback."""
    trace = judge(handler, kernel_of("return undefined_name + x")).trace
    assert "return undefined_name + x" in trace
    assert "NameError" in trace


def test_what_a_kernel_printed_before_it_died_is_kept(handler: EvaluateHandler) -> None:
    """The end of its output is the trace."""
    source = kernel_of("import os\nos.write(2, b'last words')\nos._exit(3)")
    assert judge(handler, source).trace.endswith("last words")
