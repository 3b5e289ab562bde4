"""Judge a kernel that a person has in a file, without a workflow around it."""

from collections.abc import Mapping
from pathlib import Path

from kbwf.errors import KbwfError, TaskError
from kbwf.records import Evaluation, Sample, Task, Timing
from kbwf.records.base import sha256_of
from kbwf.records.task import parse_task_id, task_id_of
from kbwf.settings import EvaluationSettings, PromptSettings, TaskSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler, describe
from kbwf.store import read_record
from kbwf.tasks.sources import load_task, read_source, require_definitions


def evaluate_file(
    task: str, kernel_path: Path, settings: EvaluationSettings, environment: Mapping[str, str]
) -> tuple[Evaluation, str]:
    """The evaluation of a file that defines `ModelNew`, and what to tell the person.

    Args:
        task: a task record (.json), a problem in KernelBench's format (.py), or the id of a bundled task.
        environment: of this process; what a kernel may see of it is on an allow-list.

    Raises:
        KbwfError: task or kernel cannot be read.
    """
    if not kernel_path.is_file():
        raise KbwfError(f"{kernel_path} is no file; give a Python file that defines ModelNew")
    try:
        response = read_source(kernel_path)
    except TaskError as error:  # it is the kernel that cannot be read, and not the task
        raise KbwfError(str(error)) from error
    sample = Sample(
        task_id="l0_p001", policy_id="by-hand", seed=0, sample_idx=0, response=response,
        token_ids_T=None, sampling_logprobs_T=None, policy_logprobs_T=None, temperature=0, num_prompt_tokens=0,
        finish_reason="stop", prompt_sha256=sha256_of(""), model="by-hand",
    )  # fmt: skip
    record = find_task(task)
    sample = sample.model_copy(update={"task_id": record.task_id})
    handler = EvaluateHandler(environment)
    try:
        evaluation = handler.evaluate(record, sample, settings, PromptSettings(style="model_new"), store=None)
    finally:
        handler.close()
    lines = [f"{record.task_id} {record.name} on {evaluation.environment.device if evaluation.environment else '-'}"]
    lines.append(describe(evaluation))
    if evaluation.official and evaluation.hardened:
        verdict, hardened = evaluation.official, evaluation.hardened
        lines.append(
            f"correct in {verdict.num_trials_correct} of {verdict.num_trials} trials, tolerance {verdict.tolerance};"
            f" in {hardened.num_trials_correct} of {hardened.num_trials} by the hardened rule"
        )
    if evaluation.timing is not None:
        lines += _clocks(evaluation.timing)
        lines.append("the interval holds no difference between processes: only a study measures that, for each task")
    if evaluation.sandbox and evaluation.sandbox.missing:
        lines.append(f"sandbox without: {', '.join(evaluation.sandbox.missing)}")
    if evaluation.trace:
        lines.append(evaluation.trace.rstrip())
    return evaluation, "\n".join(lines)


def _clocks(timing: Timing) -> list[str]:
    """On a GPU, a line of how fast it ran."""
    if timing.clock_mhz is None:
        return []
    low, high = timing.clock_mhz
    held = f", held back by {', '.join(timing.held_back_by)}" if timing.held_back_by else ""
    again = f"; {timing.num_repeated_blocks} blocks were timed again" if timing.num_repeated_blocks else ""
    again += f"; {timing.num_throttled_blocks} throttled ones count" if timing.num_throttled_blocks else ""
    return [f"clock: {low} to {high} MHz{held}{again}"]


def find_task(task: str) -> Task:
    """The task that a person means.

    Raises:
        TaskError: it is no record, no problem file and no bundled task's id, or a file that is refused as a task too.
    """
    path = Path(task)
    if path.suffix == ".json":
        record = read_record(path, Task)
        if record.fault:
            raise TaskError(record.fault)
        return record
    if path.suffix == ".py":
        if not path.is_file():
            raise TaskError(f"{path} is no file; give a problem in KernelBench's format")
        source, number = read_source(path), path.stem.partition("_")[0]
        require_definitions(source, str(path))
        problem_id = int(number) if number.isdecimal() and int(number) else 1
        return Task(
            task_id=task_id_of(9, problem_id), level=9, problem_id=problem_id, name=path.stem, reference_source=source,
            reference_sha256=sha256_of(source), source="directory", revision="unversioned",
        )  # fmt: skip
    try:
        level, problem_id = parse_task_id(task)
    except ValueError:
        level, problem_id = -1, 0
    if level != 0:
        raise TaskError(
            f"{task!r} is no task record (.json), no problem file (.py) and no bundled task id such as l0_p001"
        )
    return load_task(TaskSettings(), problem_id)
