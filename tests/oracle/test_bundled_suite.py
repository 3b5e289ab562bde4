"""The rules on the bundled suite: right kernels pass, typical cheats do not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml

from kbwf.judge.variations import draws_of
from kbwf.mutants import mutants_of
from kbwf.oracle.programs import Program, bundled_programs
from kbwf.oracle.trials import Examiner
from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.sources import load_task

PROGRAMS = {program.task_id: program for program in bundled_programs()}
HONEST: dict[int, list[str]] = yaml.safe_load(Path(__file__).with_name("honest_kernels.yaml").read_text())
CHEATS = {
    "zeros",
    "mean",
    "first_result_cached",
    "inputs_in_tf32",
    "result_in_half",
    "input_rows_subsampled",
    "last_row_left_out",
}
SEED = 11


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the trials are run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=sorted(PROGRAMS))
def program(request: pytest.FixtureRequest) -> Program:
    """Each bundled task in turn."""
    return PROGRAMS[request.param]


def test_no_right_kernel_is_refused_and_no_cheat_passes(program: Program) -> None:
    """Other orders of sums, other algorithms; zeros, the mean, an old result, shorter numbers, less work."""
    assert program.admits is not None
    examiner = Examiner(program.reference_source, draws_of(program.admits), SEED)
    assert examiner.yardstick.is_decidable
    problem_id = int(program.task_id.partition("_p")[2])
    for body in HONEST[problem_id]:
        kernel = extract_kernel(body, load_task(TaskSettings(), problem_id), "forward_body").kernel_source
        assert kernel is not None
        outcome = examiner.judge(kernel)
        assert (outcome.fate, outcome.is_killed_officially) == ("survived", False), (body, outcome)
    for mutant in mutants_of(program.kernel_sources[0]):
        if mutant.rule in CHEATS:
            outcome = examiner.judge(mutant.source)
            assert outcome.fate in ("killed", "stillborn"), (mutant.rule, mutant.change)


def test_the_bank_of_right_kernels_is_large() -> None:
    """At least forty, some for each task, and none that the suite has already."""
    bodies = [body for bodies in HONEST.values() for body in bodies]
    assert len(set(bodies)) == len(bodies) >= 40
    assert set(HONEST) == {int(task_id.partition("_p")[2]) for task_id in PROGRAMS}
