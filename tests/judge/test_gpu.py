"""The judge on a CUDA device."""

import pytest
import torch

from kbwf.records import EvalStatus
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of, task_of

pytestmark = pytest.mark.gpu

CUDA = EvaluationSettings(mode="full", device="cuda", timeout_s=60)
TASK = task_of(rows=8192, width=8192)

ILLEGAL_ACCESS = """far = torch.cuda._compile_kernel(
    'extern "C" __global__ void far(float* values) { values[1ull << 40] = 1.0f; }', 'far')
result = torch.zeros(8192, device=x.device)
far((1, 1, 1), (1, 1, 1), (result,))
torch.cuda.synchronize()
return result"""
OUT_OF_BOUNDS = "return x[torch.full((8192,), 1 << 20, device=x.device), 0]"


@pytest.fixture(scope="module")
def handler() -> EvaluateHandler:
    """Made before this process touches the GPU."""
    assert not torch.cuda.is_initialized()
    return EvaluateHandler()


def test_the_identity_kernel_is_as_fast_as_itself_on_cuda(handler: EvaluateHandler) -> None:
    """Passed three times, the speedup within five percent of one, the GPU and its driver named."""
    evaluations = [judge(handler, HONEST_KERNEL, TASK, CUDA) for _ in range(3)]
    for evaluation in evaluations:
        assert evaluation.status == EvalStatus.PASSED, (evaluation.message, evaluation.trace)
        assert evaluation.timing is not None and evaluation.environment is not None
        assert 0.95 < evaluation.timing.speedup < 1.05
        assert evaluation.timing.speedup_low <= evaluation.timing.speedup <= evaluation.timing.speedup_high
        assert evaluation.environment.device_uuid and evaluation.environment.driver
    assert "prepare_task" not in evaluations[1].seconds_s


def test_wrong_results_are_told_apart_on_cuda(handler: EvaluateHandler) -> None:
    """Values, shape and a result on the wrong device."""
    for forward, status in (
        (HONEST_FORWARD + " + 1", EvalStatus.WRONG_VALUES),
        (HONEST_FORWARD + "[1:]", EvalStatus.WRONG_SHAPE),
        (HONEST_FORWARD + ".cpu()", EvalStatus.WRONG_DTYPE),
        ("return torch.empty(8192, device=x.device)", EvalStatus.WRONG_VALUES),
    ):
        assert judge(handler, kernel_of(forward), TASK, CUDA).status == status, forward


@pytest.mark.parametrize(
    ("forward", "message"),
    [(ILLEGAL_ACCESS, "illegal memory access"), (OUT_OF_BOUNDS, "device-side assert")],
    ids=["illegal", "assert"],
)
def test_a_fault_of_the_device_does_not_change_the_next_verdict(
    handler: EvaluateHandler, forward: str, message: str
) -> None:
    """It ends one kernel's context; the judge's and the next kernel's are their own."""
    evaluation = judge(handler, kernel_of(forward), TASK, CUDA)
    assert evaluation.status in (EvalStatus.RUNTIME_ERROR, EvalStatus.CRASHED)
    assert message in evaluation.message + evaluation.trace
    assert judge(handler, HONEST_KERNEL, TASK, CUDA).status == EvalStatus.PASSED


def test_a_kernel_that_never_ends_on_the_device_is_killed(handler: EvaluateHandler) -> None:
    """TIMEOUT, and the next is judged."""
    settings = EvaluationSettings(mode="full", device="cuda", timeout_s=8)
    source = kernel_of("while True:\n    x = x * 1.0\n    torch.cuda._sleep(1 << 40)\n    torch.cuda.synchronize()")
    assert judge(handler, source, TASK, settings).status == EvalStatus.TIMEOUT
    assert judge(handler, HONEST_KERNEL, TASK, CUDA).status == EvalStatus.PASSED
