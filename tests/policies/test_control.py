"""The A/A control."""

import pytest

from kbwf.policies.control import ControlPolicy, control_response
from kbwf.records import Task
from kbwf.settings import PromptSettings, TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.prompts import forward_body
from kbwf.tasks.sources import load_task


@pytest.fixture(scope="module")
def task() -> Task:
    """The first bundled problem."""
    return load_task(TaskSettings(), 1)


def test_the_control_is_certain_of_its_answer(task: Task) -> None:
    """Every draw is the reference's own body with log-probability 0, so its surprisal is 0."""
    draws = ControlPolicy(PromptSettings()).sample(task, [{"role": "user", "content": "?"}], 3, 1, 0.25, 10)
    assert [draw.text for draw in draws] == [forward_body(task.reference_source)] * 3
    assert draws[0].token_ids_T == (0,)
    assert draws[0].sampling_logprobs_T == draws[0].policy_logprobs_T == (0.0,)
    assert draws[0].finish_reason == "stop"


def test_the_control_does_not_depend_on_seed_and_temperature(task: Task) -> None:
    """What varies between its samples is measurement alone."""
    policy = ControlPolicy(PromptSettings())
    assert policy.sample(task, [], 2, 1, 0.0, 1) == policy.sample(task, [], 2, 9, 2.0, 99)


@pytest.mark.parametrize("style", ["forward_body", "model_new"])
def test_the_control_s_answer_is_a_kernel_in_both_styles(task: Task, style: str) -> None:
    """Extraction finds `ModelNew` in it, whose forward is the reference's."""
    prompt = PromptSettings.model_validate({"style": style})
    kernel_source = extract_kernel(control_response(task, prompt), task, prompt.style).kernel_source
    assert kernel_source is not None
    assert kernel_source.count(forward_body(task.reference_source)) == 2
