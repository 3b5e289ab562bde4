"""Try a task out before anything is sampled for it: can it be judged here, and how far does a measurement of it err?"""

from pathlib import Path
from typing import Any

from kbwf.errors import InfrastructureError, TaskError, TaskTooLargeError
from kbwf.judge.judge import Judge, JudgeFor
from kbwf.judge.memory import need_of
from kbwf.judge.pairs import pair_std
from kbwf.records import Calibration, Environment, EvalStatus, Task, Timing
from kbwf.settings import EvaluationSettings
from kbwf.store import read_record, write_record, write_text

_JUDGEABLE = {EvalStatus.PASSED, EvalStatus.FLAGGED}
"""A machine with much else to do may give no time that can be believed; that is no fault of the task."""
_NUM_TRIES = 2
"""A fault of the machine is worth another; a task that cannot be judged is not."""


def calibrate_task(request: dict[str, Any], judge_for: JudgeFor) -> dict[str, Any]:
    """Write a task's `Calibration`, and beside it the refusal alone: what sampling depends on.

    Args:
        request: `task` (path of a `Task`), `output` and `refusal` (paths), `settings` (config block evaluation) and
            `skip_too_large` (config block tasks).

    Raises:
        TaskTooLargeError: the task does not fit the device, and is not to be skipped.
        InfrastructureError: the machine failed twice.
    """
    task = read_record(Path(request["task"]), Task)
    settings = EvaluationSettings.model_validate(request["settings"])
    for attempt in range(1, _NUM_TRIES + 1):
        try:
            calibration = calibrate(task, settings, *judge_for(settings), skip_too_large=request["skip_too_large"])
            break
        except InfrastructureError:
            if attempt == _NUM_TRIES:
                raise
    write_text(Path(request["refusal"]), calibration.refusal)
    write_record(Path(request["output"]), calibration)
    return {"message": describe(calibration)}


def calibrate(
    task: Task, settings: EvaluationSettings, judge: Judge, environment: Environment, *, skip_too_large: bool
) -> Calibration:
    """Describe the reference, then judge it as its own kernel, in as many fresh pairs of processes as settings say.

    A task whose reference never passes as its own kernel is refused: no kernel could be held to it.

    Raises:
        TaskTooLargeError, InfrastructureError: as in `calibrate_task`.
    """

    def refused(reason: str) -> Calibration:
        return Calibration(task=task, refusal=reason, environment=environment, mode=settings.mode)

    if task.fault:
        return refused(f"{task.task_id} {task.name}: {task.fault}")
    try:
        description = judge.describe(task, settings)
        findings = [judge.judge(task, None, settings) for _ in range(settings.num_identity_pairs)]
    except TaskTooLargeError as error:
        if not skip_too_large:
            raise
        return refused(str(error))
    except TaskError as error:
        return refused(str(error))
    pairs: list[Timing] = [finding.timing for finding in findings if finding.timing is not None]
    failures = [finding.failure for finding in findings if finding.failure]
    if findings and not {each.status for each in findings} & _JUDGEABLE:
        return refused(
            f"{task.task_id} {task.name}: its own reference, as a kernel, is refused each time, at last {failures[-1]}"
        )
    return Calibration(
        task=task,
        environment=environment,
        mode=settings.mode,
        description=description.model_dump(mode="json"),
        memory=need_of(description),
        degenerate=description.yardstick.degenerate,
        ref_failure=description.yardstick.own_failure,
        pairs=tuple(pairs),
        failures=tuple(failures),
    )


def describe(calibration: Calibration) -> str:
    """A line for the log."""
    if calibration.refusal:
        return f"refused: {calibration.refusal}"
    std = pair_std(calibration.pairs)
    spread = "not measured" if std is None else f"{std:.2%} over {len(calibration.pairs)} pairs of processes"
    return f"{calibration.task.task_id} {calibration.task.name}: can be judged; spread {spread}"
