"""The rules on the bundled suite: right kernels pass, typical cheats do not."""

import ast
from pathlib import Path

import pytest
import yaml

from kbwf.mutants import RULES
from kbwf.oracle.programs import Program, bundled_programs
from kbwf.oracle.trials import Examiner
from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.sources import load_task
from kbwf.verdict.variations import draws_of

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
    tree = ast.parse(program.kernel_sources[0])
    for cheat in [mutant for rule in RULES if rule.name in CHEATS for mutant in rule.apply(tree)]:
        assert examiner.judge(ast.unparse(cheat)).fate in ("killed", "stillborn"), ast.unparse(cheat.body[-1])


def test_the_bank_of_right_kernels_is_large() -> None:
    """At least forty, some for each task, and none that the suite has already."""
    bodies = [body for bodies in HONEST.values() for body in bodies]
    assert len(set(bodies)) == len(bodies) >= 40
    assert set(HONEST) == {int(task_id.partition("_p")[2]) for task_id in PROGRAMS}
