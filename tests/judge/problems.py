"""Small tasks and kernels that the tests of the judge share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from kbwf.judge import measurement, timer
from kbwf.judge.processes import RunnerProcess
from kbwf.records import Evaluation, Sample, Task
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.builders import make_sample, make_task

ROWS, WIDTH = 64, 1024

_SOURCE = """import torch


class Model(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(width))

    def forward(self, x):
        {forward}


def get_inputs():
    return [torch.rand({rows}, {width})]


def get_init_inputs():
    return [{width}]
"""

HONEST_FORWARD = "return (x * self.weight).sum(dim=-1)"


def task_of(forward: str = HONEST_FORWARD, problem_id: int = 1, rows: int = ROWS, width: int = WIDTH) -> Task:
    """A task with one input of shape (rows, width) and a parameter `weight` of shape (width,)."""
    source = _SOURCE.format(forward=forward, rows=rows, width=width)
    return make_task(problem_id, "Weighted_sum", source)


def kernel_of(forward: str = HONEST_FORWARD, top: str = "") -> str:
    """Source of a `ModelNew` with these lines as its `forward`, and these lines before the class."""
    body = "\n".join(" " * 8 + line for line in forward.splitlines())
    return f"import torch\n{top}\n\nclass ModelNew(Model):\n    def forward(self, x):\n{body}\n"


HONEST_KERNEL = kernel_of()

FAST = EvaluationSettings(mode="fast", device="cpu", timeout_s=60, max_memory_gb=1)


@contextmanager
def new_handler() -> Iterator[EvaluateHandler]:
    """A handler that ends with all its processes; torch's number of threads is put back, which a judge sets."""
    num_threads = torch.get_num_threads()
    handler = EvaluateHandler(os.environ)
    yield handler
    handler.close()
    torch.set_num_threads(num_threads)


def pid_of(runner: RunnerProcess) -> int:
    """Of the process that runs the program: below its guard and its warden."""
    pid = runner._pid
    for _ in range(2):
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pid = int(child)
    return pid


def ask_for_no_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every time as it is, in requests of as many calls as the plan says: nothing depends on what was measured.

    On a busy machine a request may take no longer than an empty one, which is doubted otherwise.
    """
    monkeypatch.setattr(timer, "summarize", lambda blocks, overhead_ms: measurement.summarize(blocks, 0.0))
    monkeypatch.setattr(timer, "MIN_REQUEST_MS", dict.fromkeys(measurement.MIN_REQUEST_MS, 0.0))


def sample_of(response: str, *, policy_id: str = "base", sample_idx: int = 0, task_id: str = "l0_p001") -> Sample:
    """A sample with this response."""
    sample = make_sample(sample_idx, policy_id=policy_id, task_id=task_id)
    return sample.model_copy(update={"response": response})


def judge(
    handler: EvaluateHandler, kernel_source: str, task: Task | None = None, settings: EvaluationSettings = FAST
) -> Evaluation:
    """The evaluation of a whole file as a response, measured anew."""
    task = task or task_of()
    sample = sample_of(kernel_source, task_id=task.task_id)
    return handler.evaluate(task, sample, settings, PromptSettings(style="model_new"), store=None)
