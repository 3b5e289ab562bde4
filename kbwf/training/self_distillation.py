"""Self-distillation: the policy, shown what the judge said, teaches itself.

Axes: T response token, G rollout in its group. Two methods, told apart everywhere:

    sdpo        as in arXiv 2602.07670: the teacher's log-probability of the drawn token gives the token's advantage
    sdpo-topk   as in arXiv 2601.20802: the student's likeliest tokens are distilled (`objective.topk_divergences`) from
                a teacher whose weights are a moving average, and the teacher sees feedback only where no other rollout
                of the task is correct

In both the teacher reads the task, a correct solution by another rollout if there is one and it is asked for, and
feedback, never the student's own answer. Deviations: times are in ms; the solution shown is that of the correct rollout
with the lowest index other than the rollout itself (the published code of the first shows the first one found so far,
be it the rollout's own); the wording is ours. Of sdpo-topk: no importance weights, since the divergence is taken anew
after every gradient step; the moving average is taken of the two factors of the adapter, not of their product.
"""

from collections.abc import Sequence
from typing import Literal

from kbwf.records import EvalStatus, Evaluation, ScoredSample
from kbwf.training.datums import Messages

TeacherKind = Literal["live", "base", "ema"]
"""live: the policy as it is · base: the one that the run began with · ema: a moving average of the run's policies."""

MAX_CHARS = 300
MAX_LINES = 3

NOT_COMPILED = (EvalStatus.NO_KERNEL, EvalStatus.COMPILE_ERROR)
NOT_KNOWN_TO_COMPILE = (EvalStatus.TIMEOUT, EvalStatus.CRASHED)
"""The process died without a word about how far it got."""


def token_advantages(
    teacher_logprobs_T: Sequence[float], student_logprobs_T: Sequence[float], beta: float = 1.0
) -> tuple[float, ...]:
    """A_t = beta (logp_teacher(x_t) - logp_student(x_t)), both at temperature 1, in nats.

    arXiv 2602.07670. What the teacher, knowing the outcome, finds likelier than the student did is reinforced.
    """
    pairs = zip(teacher_logprobs_T, student_logprobs_T, strict=True)
    return tuple(beta * (teacher - student) for teacher, student in pairs)


def teacher_messages(messages: Messages, feedback: str | None, solution: str | None) -> Messages:
    """The task's prompt with more behind it; with neither feedback nor solution, the prompt-only teacher's.

    Args:
        messages: of the student, the user's last.
    """
    *before, user = messages
    parts = [user["content"].rstrip()]
    if solution is not None:
        parts.append(f"A correct answer to this task:\n\n{solution.strip()}")
    if feedback is not None:
        parts.append(f"An earlier answer of yours was judged:\n{feedback}")
    parts.append("Now solve the task correctly.")
    return (*before, {"role": user["role"], "content": "\n\n".join(parts)})


def feedback_text(evaluation: Evaluation) -> str:
    """What the judge found, one fact a line: status, compiled, correct, speedup, times in ms, message and trace."""
    timing = evaluation.timing
    lines = [
        f"status: {evaluation.status}",
        f"compiled: {_compiled(evaluation.status)}",
        f"correct: {'yes' if evaluation.is_correct else 'no'}",
        f"speedup: {f'{timing.speedup:.4g}' if timing else 'none'}",
        f"running time: {f'{timing.runtime_ms:.4g} ms' if timing else 'not measured'}",
        f"running time of the reference: {f'{timing.ref_runtime_ms:.4g} ms' if timing else 'not measured'}",
    ]
    if evaluation.message.strip():
        lines.append(f"message: {cut(evaluation.message)}")
    if evaluation.trace.strip():
        lines.append(f"trace: {cut(evaluation.trace)}")
    return "\n".join(lines)


def cut(text: str) -> str:
    """The first `MAX_LINES` lines that are not blank, and of these the first `MAX_CHARS` characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shortened = "\n".join(lines[:MAX_LINES])
    return shortened if len(shortened) <= MAX_CHARS else shortened[: MAX_CHARS - 1] + "…"


def success_solution(group_G: Sequence[ScoredSample], position: int) -> str | None:
    """Response of the first correct rollout other than the one at `position`; None if no other is correct."""
    others = (rollout for index, rollout in enumerate(group_G) if index != position)
    return next((rollout.sample.response for rollout in others if rollout.evaluation.is_correct), None)


def sdpo_teacher_messages(
    messages: Messages,
    group_G: Sequence[ScoredSample],
    position: int,
    *,
    with_feedback: bool,
    with_solution: bool,
) -> Messages:
    """The teacher's prompt of sdpo for one rollout of a group; prompt-only with neither."""
    feedback = feedback_text(group_G[position].evaluation) if with_feedback else None
    solution = success_solution(group_G, position) if with_solution else None
    return teacher_messages(messages, feedback, solution)


def topk_teacher_messages(messages: Messages, group_G: Sequence[ScoredSample], position: int) -> Messages:
    """The teacher's prompt of sdpo-topk: a solution by another rollout, or feedback where there is none."""
    solution = success_solution(group_G, position)
    feedback = feedback_text(group_G[position].evaluation) if solution is None else None
    return teacher_messages(messages, feedback, solution)


def _compiled(status: EvalStatus) -> str:
    if status in NOT_COMPILED:
        return "no"
    return "unknown" if status in NOT_KNOWN_TO_COMPILE else "yes"
