"""The judge on a CUDA device."""

import statistics
from collections.abc import Iterator

import pytest
import torch

from kbwf.errors import TaskError
from kbwf.judge.inputs import fingerprint
from kbwf.records import EvalStatus
from kbwf.sandbox.buffers import Ring, layout_of
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of, new_handler, task_of
from tests.judge.quirks import SAME, TASKS, kernel, quirk

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
def handler() -> Iterator[EvaluateHandler]:
    """Made before this process touches the GPU."""
    assert not torch.cuda.is_initialized()
    with new_handler() as found:
        yield found


def test_the_identity_kernel_is_as_fast_as_itself_on_cuda(handler: EvaluateHandler) -> None:
    """Passed three times, the middle speedup within five percent of one, the GPU and its driver named."""
    evaluations = [judge(handler, HONEST_KERNEL, TASK, CUDA) for _ in range(3)]
    for evaluation in evaluations:
        assert evaluation.status == EvalStatus.PASSED, (evaluation.message, evaluation.trace)
        assert evaluation.timing is not None and evaluation.environment is not None
        assert evaluation.timing.speedup_low <= evaluation.timing.speedup <= evaluation.timing.speedup_high
        assert evaluation.environment.device_uuid and evaluation.environment.driver
    speedups = [evaluation.timing.speedup for evaluation in evaluations if evaluation.timing]
    assert 0.95 < statistics.median(speedups) < 1.05, speedups
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


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"no_tensor_input"}))
def test_a_task_s_own_reference_passes_on_cuda(handler: EvaluateHandler, name: str) -> None:
    """Whatever goes in and comes out; results lie in memory of the judge's."""
    settings = EvaluationSettings(mode="fast", device="cuda", timeout_s=60)
    evaluation = judge(handler, SAME, TASKS[name], settings)
    # A call of some microseconds may take no longer than an empty request; what is asked here is whether it is right.
    assert evaluation.status in (EvalStatus.PASSED, EvalStatus.FLAGGED), (evaluation.message, evaluation.trace)
    assert evaluation.official is not None and evaluation.official.is_correct


def test_a_reference_whose_result_lies_on_the_cpu_is_refused(handler: EvaluateHandler) -> None:
    """When it is described, before a kernel is blamed or an evaluation tried again."""
    with pytest.raises(TaskError, match="forward returns a tensor on cpu; make it where its inputs are"):
        judge(handler, SAME, TASKS["no_tensor_input"], CUDA)


def test_results_that_lie_elsewhere_are_copied_to_where_the_judge_can_read(handler: EvaluateHandler) -> None:
    """Made when the kernel was loaded, or spread over a large one; also there, what is wrong is told."""
    settings = EvaluationSettings(mode="fast", device="cuda", timeout_s=60)
    for init, forward, is_right in (
        ("self.kept = torch.zeros(8, 8, device='cuda')", "self.kept.copy_(x)\nreturn self.kept", True),
        ("pass", "return torch.cat([x] * 1000).view(8, -1)[:, :8] * 0 + x", True),
        ("pass", "return torch.stack([x] * 5000, dim=-1)[..., 7]", True),
        ("self.kept = torch.zeros(8, 8, device='cuda')", "return self.kept", False),
    ):
        evaluation = judge(handler, kernel(forward, init=init), TASKS["copy"], settings)
        assert evaluation.official is not None, (evaluation.message, evaluation.trace)
        assert evaluation.official.is_correct == is_right, (forward, evaluation.message)


def test_work_that_a_side_stream_does_later_is_waited_for_or_seen(handler: EvaluateHandler) -> None:
    """A stream that nobody waits for is still the device's: the runner's answer comes after it."""
    forward = (
        "stream = torch.cuda.Stream()\nstream.wait_stream(torch.cuda.current_stream())\n"
        "with torch.cuda.stream(stream):\n    torch.cuda._sleep(10_000_000)\n    y = (x * self.weight).sum(dim=-1)\n"
        "return y"
    )
    evaluation = judge(handler, kernel_of(forward), TASK, CUDA)
    assert evaluation.status == EvalStatus.PASSED, evaluation.message
    assert evaluation.timing is not None and evaluation.timing.speedup < 1


SMALL = task_of(rows=64, width=256)
FIRST_FOR_EVER = """if not hasattr(self, "kept"):
    self.kept = {}
key = x.data_ptr()
if key not in self.kept or not torch.cuda.is_current_stream_capturing():
    self.kept[key] = (x * self.weight).sum(dim=-1)
return self.kept[key]"""


def test_a_call_that_is_shorter_than_its_launch_is_timed_as_a_graph(handler: EvaluateHandler) -> None:
    """The times with and without stand side by side, the graph's shorter."""
    evaluation = judge(handler, HONEST_KERNEL, SMALL, CUDA)
    assert evaluation.status == EvalStatus.PASSED and evaluation.timing is not None, evaluation.message
    assert evaluation.timing.launched_runtime_ms is not None and evaluation.timing.launched_speedup is not None
    assert evaluation.timing.runtime_ms < evaluation.timing.launched_runtime_ms


def test_a_kernel_that_waits_for_the_device_cannot_be_captured_and_passes(handler: EvaluateHandler) -> None:
    """Its time is that of its launches."""
    waiting = kernel_of("y = (x * self.weight).sum(dim=-1)\nassert float(y[0]) == float(y[0])\nreturn y")
    evaluation = judge(handler, waiting, SMALL, CUDA)
    assert evaluation.status == EvalStatus.PASSED and evaluation.timing is not None, evaluation.message
    assert evaluation.timing.launched_runtime_ms is None


def test_work_that_was_left_out_of_a_graph_is_wrong(handler: EvaluateHandler) -> None:
    """When it is captured the kernel only hands out what it has; its replays then do nothing."""
    evaluation = judge(handler, kernel_of(FIRST_FOR_EVER), SMALL, CUDA)
    assert evaluation.status == EvalStatus.WRONG_VALUES, evaluation.message
    assert evaluation.message.startswith("in a timed call")


def test_a_call_with_temporaries_of_its_own_fits_into_a_graph(handler: EvaluateHandler) -> None:
    """Its results, and what it needs meanwhile, lie in the judge's memory a second time: torch keeps it by stream."""
    task = quirk("return torch.diag(x) @ y", "x, y", "torch.rand(1024), torch.rand(1024, 1024)")
    evaluation = judge(handler, SAME, task, CUDA)
    assert evaluation.status == EvalStatus.PASSED and evaluation.timing is not None, evaluation.message
    assert evaluation.timing.launched_runtime_ms is not None


def test_a_slot_s_fingerprint_on_cuda_changes_with_any_of_its_bits_and_no_other_s() -> None:
    """First, middle and last words, the lowest and the highest bit, and two words exchanged."""
    ring = Ring(layout_of(torch.zeros(1000, 33)), 3, torch.device("cuda"))
    ring.memory.random_()
    words, per_slot = ring.memory.view(torch.int32), ring.layout.slot_bytes // 4
    before = fingerprint(ring, [0, 1, 2])
    for slot in range(3):
        for place in (0, 1, 2, 3, per_slot // 2, per_slot - 1):
            for bit in (1, -(1 << 31)):
                words[slot * per_slot + place] ^= bit
                after = fingerprint(ring, [0, 1, 2])
                assert [number for number in range(3) if after[number] != before[number]] == [slot]
                words[slot * per_slot + place] ^= bit
        pair = words[slot * per_slot : slot * per_slot + 2]
        pair.copy_(pair.flip(0))
        assert fingerprint(ring, [slot]) != [before[slot]]
        pair.copy_(pair.flip(0))
    assert fingerprint(ring, [2, 0]) == [before[2], before[0]]
    ring.close()


def test_what_only_compiles_sees_no_gpu(handler: EvaluateHandler) -> None:
    """It would disturb a kernel that is timed; the process that is judged then sees one."""
    top = """
import os, pathlib, torch  # cpp_extension
made = pathlib.Path(os.environ["HOME"], "made")
seen = f"{torch.cuda.is_available()} {[name for name in os.listdir('/dev') if name.startswith('nvidia')]}"
arch = os.environ["TORCH_CUDA_ARCH_LIST"]
if not made.exists():
    made.write_text(f"{seen} {arch}")
"""
    evaluation = judge(handler, kernel_of("raise RuntimeError(f'{made.read_text()} | {seen} {arch}')", top), TASK, CUDA)
    assert evaluation.status == EvalStatus.RUNTIME_ERROR, evaluation.message
    built, judged = evaluation.message.removeprefix("RuntimeError: ").split(" | ")
    assert built.startswith("False []"), built
    assert judged.startswith("True "), judged
    assert built.split()[-1] == judged.split()[-1]
