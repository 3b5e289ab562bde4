"""Facts about the teacher of self-distillation."""

import math

import pytest

from kbwf.records import EvalStatus, Evaluation, ScoredSample
from kbwf.training.self_distillation import (
    cut,
    feedback_text,
    sdpo_teacher_messages,
    success_solution,
    teacher_messages,
    token_advantages,
    topk_teacher_messages,
)
from tests.builders import make_evaluation, make_scored, make_timing

MESSAGES = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sum x.\n"})


def scored(index: int, speedup: float | None, response: str) -> ScoredSample:
    """A rollout with this response."""
    one = make_scored(index, speedup)
    sample = type(one.sample).model_validate({**one.sample.model_dump(), "response": response})
    return ScoredSample(sample=sample, evaluation=one.evaluation)


GROUP = (scored(0, None, "wrong"), scored(1, 0.5, "slow\n"), scored(2, 3.0, "fast"))


def test_a_token_that_the_teacher_finds_likelier_has_a_positive_advantage() -> None:
    """½ against ¼ is log 2, ¼ against ½ its negative; beta is a factor."""
    teacher, student = (math.log(1 / 2), math.log(1 / 4)), (math.log(1 / 4), math.log(1 / 2))
    assert token_advantages(teacher, student) == pytest.approx((math.log(2), -math.log(2)))
    assert token_advantages(teacher, student, beta=3.0) == pytest.approx((3 * math.log(2), -3 * math.log(2)))


def test_lengths_that_differ_are_refused() -> None:
    """A teacher's score that was cut must not go unnoticed."""
    with pytest.raises(ValueError, match="zip"):
        token_advantages((-1.0,), (-1.0, -2.0))


def test_feedback_of_a_passed_kernel_has_its_times() -> None:
    """Speedup, and both times in ms."""
    evaluation = make_evaluation(timing=make_timing(2.5))
    assert feedback_text(evaluation) == (
        "status: passed\ncompiled: yes\ncorrect: yes\nspeedup: 2.5\nrunning time: 1 ms\n"
        "running time of the reference: 2.5 ms"
    )


def test_feedback_of_a_failed_kernel_has_message_and_trace() -> None:
    """No time, and the judge's words."""
    fields = {"message": "NameError: B", "trace": "line 1\n\nline 2"}
    evaluation = Evaluation.model_validate({**make_evaluation(status=EvalStatus.RUNTIME_ERROR).model_dump(), **fields})
    assert feedback_text(evaluation) == (
        "status: runtime_error\ncompiled: yes\ncorrect: no\nspeedup: none\nrunning time: not measured\n"
        "running time of the reference: not measured\nmessage: NameError: B\ntrace: line 1\nline 2"
    )


COMPILED = {
    EvalStatus.NO_KERNEL: "no",
    EvalStatus.COMPILE_ERROR: "no",
    EvalStatus.CRASHED: "unknown",
    EvalStatus.TIMEOUT: "unknown",
    EvalStatus.RUNTIME_ERROR: "yes",
    EvalStatus.WRONG_TYPE: "yes",
    EvalStatus.WRONG_SHAPE: "yes",
    EvalStatus.WRONG_DTYPE: "yes",
    EvalStatus.WRONG_VALUES: "yes",
    EvalStatus.INPUT_CHANGED: "yes",
    EvalStatus.FLAGGED: "yes",
    EvalStatus.PASSED: "yes",
}


def test_of_every_status_it_is_said_whether_the_kernel_compiled() -> None:
    """But of that of a task, which has no kernel."""
    assert set(COMPILED) == set(EvalStatus) - {EvalStatus.TASK_REFUSED}


@pytest.mark.parametrize(("status", "compiled"), [item for item in COMPILED.items() if item[0] != EvalStatus.PASSED])
def test_feedback_says_whether_the_kernel_compiled_as_far_as_that_is_known(status: EvalStatus, compiled: str) -> None:
    """A process that died may have died before or after."""
    assert f"compiled: {compiled}\ncorrect: no" in feedback_text(make_evaluation(status=status))


def test_long_text_is_cut_to_three_lines_and_300_characters() -> None:
    """Blank lines do not count; the cut is marked."""
    assert cut("\n a \n\n b\nc\nd") == "a\nb\nc"
    assert cut("x" * 300) == "x" * 300
    assert cut("x" * 301) == "x" * 299 + "…"
    assert len(cut("y" * 200 + "\n" + "z" * 200)) == 300


def test_the_solution_is_the_first_correct_answer_of_another_rollout() -> None:
    """The second rollout's answer for the others, the third's for the second; a slow one is correct too."""
    assert [success_solution(GROUP, position) for position in range(3)] == ["slow\n", "fast", "slow\n"]


def test_without_another_correct_sample_there_is_no_solution() -> None:
    """Nobody, or the rollout alone; the teacher then goes without."""
    assert success_solution((GROUP[0], GROUP[0]), 0) is None
    assert success_solution((GROUP[0], GROUP[2]), 1) is None
    prompt = sdpo_teacher_messages(MESSAGES, (GROUP[0], GROUP[2]), 1, with_feedback=False, with_solution=True)
    assert prompt == teacher_messages(MESSAGES, None, None)


def test_the_teacher_reads_task_then_solution_then_feedback() -> None:
    """The system message stays; the student's own answer is nowhere."""
    system, user = sdpo_teacher_messages(MESSAGES, GROUP, 0, with_feedback=True, with_solution=True)
    assert system == MESSAGES[0]
    assert user == {
        "role": "user",
        "content": "Sum x.\n\nA correct answer to this task:\n\nslow\n\nAn earlier answer of yours was judged:\n"
        f"{feedback_text(GROUP[0].evaluation)}\n\nNow solve the task correctly.",
    }
    assert "wrong\n" not in user["content"]


def test_the_prompt_only_teacher_is_told_nothing_new() -> None:
    """The task, and that it is to be solved correctly."""
    _, user = sdpo_teacher_messages(MESSAGES, GROUP, 0, with_feedback=False, with_solution=False)
    assert user["content"] == "Sum x.\n\nNow solve the task correctly."


def test_the_topk_teacher_gets_feedback_only_where_nobody_else_solved_the_task() -> None:
    """A solution by another rollout takes its place."""
    with_solution = topk_teacher_messages(MESSAGES, GROUP, 0)[-1]["content"]
    assert "slow" in with_solution and "status:" not in with_solution
    alone = topk_teacher_messages(MESSAGES, (GROUP[0], GROUP[2]), 1)[-1]["content"]
    assert "status: passed" in alone and "correct answer" not in alone
