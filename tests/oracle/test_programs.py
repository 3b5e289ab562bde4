"""What mutants are made of."""

from pathlib import Path

import pytest

from kbwf.errors import TaskError
from kbwf.oracle.programs import bundled_programs, kernel_of_reference, mutants_of_all, programs_of_folder
from kbwf.oracle.shrinking import MAX_ELEMENTS, shrunk
from tests.oracle.conftest import SOURCE, kernel_of


def test_the_bundled_programs_are_the_suite_s_right_formulations() -> None:
    """Plain and fast ones to be mutated, slow ones besides; the first task has 6 + 3 and 2."""
    programs = list(bundled_programs())
    assert len(programs) == 16
    assert programs[0].task_id == "l0_p001"
    assert (len(programs[0].kernel_sources), len(programs[0].honest_sources)) == (9, 2)


def test_a_folder_s_problems_come_by_number(tmp_path: Path) -> None:
    """Other files are not theirs."""
    for name in ("10_Ten.py", "2_Two.py", "README.py", "x_Y.py", "3_Three.txt"):
        (tmp_path / name).write_text(SOURCE)
    programs = list(programs_of_folder(tmp_path))
    assert [(program.task_id, program.name) for program in programs] == [("2", "2_Two"), ("10", "10_Ten")]
    assert all(program.is_shrunk and program.admits is None for program in programs)


def test_a_folder_without_problems_is_an_error(tmp_path: Path) -> None:
    """Named, with what was expected."""
    with pytest.raises(TaskError, match="holds no problems such as"):
        list(programs_of_folder(tmp_path))


def test_a_reference_becomes_a_kernel_under_the_other_name() -> None:
    """With the call of the parent's `__init__` that names the class; the reference stays."""
    source = SOURCE.replace("super()", "super(Model, self)")
    kernel = kernel_of_reference(source)
    assert kernel.startswith(source)
    assert "class ModelNew(torch.nn.Module)" in kernel
    assert "super(ModelNew, self).__init__()" in kernel


def test_a_limit_takes_mutants_from_all_rules() -> None:
    """Five of them, from the first to the last quarter; without a limit all."""
    kernel = kernel_of("return torch.relu(x * self.gain).cumsum(dim=1)")
    mutants = mutants_of_all([kernel, kernel], None)
    few = mutants_of_all([kernel], 5)
    assert [mutants.index(mutant) for mutant in few] == [len(mutants) * n // 5 for n in range(5)]


def test_a_large_problem_is_made_smaller() -> None:
    """Equal sizes are halved together, small numbers stay: 4096 x 4096 twice and a kernel size of 5."""
    source = SOURCE.replace("torch.rand(24, 48)", "torch.rand(N, N)").replace("[48]", "[N]") + "\nN = 4096\nK = 5\n"
    small = shrunk(source)
    assert "N = 256\n" in small
    assert "K = 5" in small
    assert 2 * 256 * 256 <= MAX_ELEMENTS < 2 * 512 * 512


def test_sizes_that_do_not_go_together_stay() -> None:
    """A width of 384 is half of a number that is not halved with it; the other side gives way."""
    source = SOURCE.replace("torch.rand(24, 48)", "torch.rand(N, 384)").replace("[48]", "[768 - 384]") + "\nN = 65536\n"
    assert "N = 256" in shrunk(source)
    assert "torch.rand(N, 384)" in shrunk(source)


def test_a_problem_that_stays_too_large_is_refused() -> None:
    """Forty times ten to the power of eight, of which nothing can be halved."""
    source = SOURCE.replace("torch.rand(24, 48)", "torch.rand(*[10] * 9, 4)").replace("[48]", "[4]")
    with pytest.raises(TaskError, match="8000000000 values of inputs and outputs are too many"):
        shrunk(source)


def test_a_small_problem_stays_as_it_is() -> None:
    """Not a number is changed."""
    assert "torch.rand(24, 48)" in shrunk(SOURCE)
