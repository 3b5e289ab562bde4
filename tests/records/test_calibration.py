"""What a calibration and a confirmation may hold."""

import pytest
from pydantic import ValidationError

from kbwf.records import Calibration
from tests.builders import make_confirmation, make_confirmed, make_task


def test_a_refused_task_has_no_description() -> None:
    """It has one, or a reason why not, or was not tried."""
    assert Calibration(task=make_task(), mode="full").refusal == ""
    with pytest.raises(ValidationError, match="l0_p001: a task that is refused has no description, got both"):
        Calibration(task=make_task(), mode="full", refusal="it draws at random", description={})


def test_a_chosen_sample_finds_its_kernel() -> None:
    """Several samples may hold one; a sample that nobody chose has none."""
    confirmation = make_confirmation([make_confirmed(1.2, 1.1, 1.3, (0, 4)), make_confirmed(1.0, 0.9, 1.1, (2,))])
    assert confirmation.of_sample(4) is confirmation.kernels[0]
    assert confirmation.of_sample(2) is confirmation.kernels[1]
    assert confirmation.of_sample(1) is None
    assert [kernel.is_faster for kernel in confirmation.kernels] == [True, False]
