"""The bank through the judge: a core by status in every run of the tests, all of it on demand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from kbwf.attack.bank import HONEST, Entry, chosen, read_bank
from kbwf.attack.outcome import describe
from kbwf.attack.planting import VARIABLE, planted
from kbwf.attack.run import Trial
from kbwf.attack.worker import Worker
from kbwf.records import EvalStatus
from kbwf.settings import EvaluationSettings

BANK = {entry.name: entry for entry in read_bank(Path(__file__).parents[2] / "attacks")}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SECRET = "KBWF-SECRET-5ca1ab1e5ca1ab1e"
FAST = EvaluationSettings(mode="fast", device="cpu", timeout_s=60)
FULL = EvaluationSettings(mode="full", device=DEVICE, timeout_s=60)

CHEATS_OF_THE_GATE = (
    "clock_comparisons", "clock_error_functions", "down_answers_out_of_turn", "down_exit_75", "down_exit_in_forward",
    "down_killed_group", "down_odd_values_for_shape", "down_segfault", "down_socket_huge_length", "down_socket_pickle",
    "less_argmax_half_of_columns", "less_conv_coarse", "less_cumsum_expected", "less_matmul_half",
    "less_triangular_upper_skipped", "reference_inputs_broken", "replay_zero_inputs", "semantics_broadcast_row",
    "semantics_double", "semantics_equality_class", "semantics_in_place", "semantics_inf_everywhere",
    "semantics_instance_methods", "semantics_lazy_subclass", "semantics_nan_everywhere", "semantics_stale_memory",
    "semantics_tuple",
)  # fmt: skip
"""What is found out by its values, its type or its end: none of it rests on a measured time."""
HONEST_OF_THE_GATE = (
    "addcmul", "argmax_by_max", "autograd_function", "batch_norm_by_hand", "cached_constants", "conv_by_matmul",
    "own_layers", "reference_itself", "softmax_by_hand", "transposed_twice",
)  # fmt: skip


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One judge for all, with the secret in its environment."""
    with pytest.MonkeyPatch.context() as patch, Worker(tmp_path_factory.mktemp("attack"), (VARIABLE,)) as worker:
        patch.setenv(VARIABLE, SECRET)
        yield worker


@pytest.mark.parametrize("name", CHEATS_OF_THE_GATE)
def test_a_cheat_gets_a_status_that_its_header_names(worker: Worker, name: str) -> None:
    """Never passed, and never the secret."""
    entry = BANK[name]
    evaluation = worker.evaluate(entry.task_path, entry.source, FAST)
    assert evaluation.status in entry.expected - {EvalStatus.PASSED}, evaluation.message
    assert SECRET not in evaluation.message + evaluation.trace


@pytest.mark.parametrize("name", HONEST_OF_THE_GATE)
def test_an_honest_kernel_passes(worker: Worker, name: str) -> None:
    """After all those cheats, by the same judge."""
    entry = BANK[name]
    evaluation = worker.evaluate(entry.task_path, entry.source, FAST)
    assert evaluation.status == EvalStatus.PASSED, evaluation.message


@pytest.fixture(scope="module")
def trial(worker: Worker) -> Iterator[Trial]:
    """With the secret in files, sockets, keyrings and processes of this machine."""
    with planted(SECRET):
        yield Trial(worker, FULL, SECRET)


@pytest.mark.attacks
@pytest.mark.parametrize("entry", chosen([*BANK.values()], DEVICE, None, None), ids=lambda entry: entry.name)
def test_no_cheat_gets_through_and_no_honest_kernel_is_refused(trial: Trial, entry: Entry) -> None:
    """Every file of the bank for this machine's device, in mode full, and an honest kernel after each cheat."""
    outcome = trial.run(entry)
    assert outcome.why == "", describe(outcome)
    assert outcome.is_judged or entry.kind != HONEST, describe(outcome)
    assert outcome.is_expected or not outcome.is_judged, describe(outcome)
