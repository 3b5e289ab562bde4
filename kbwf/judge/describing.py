"""What a task is under the judge: its reference, called in a process of its own before any kernel is."""

import secrets
from typing import Any

import torch

from kbwf.errors import TaskError, TaskTooLargeError
from kbwf.judge.processes import Launcher
from kbwf.records import Task
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Describe, Description, Failed, Load, Loaded, Open
from kbwf.settings import EvaluationSettings
from kbwf.verdict.variations import draws_of


def describe_task(launcher: Launcher, device: torch.device, task: Task, settings: EvaluationSettings) -> Description:
    """What goes into the reference and comes out, what its inputs admit, and by what a result is judged.

    Raises:
        TaskError: the task cannot be judged; the message says why.
        InfrastructureError: a process did not start.
    """
    where = f"{task.task_id} {task.name}"
    runner = launcher.start(str(device), settings.num_threads, settings.max_memory_gb)
    runner.limit_s = settings.reference_timeout_s
    try:
        runner.open(Open(), [])
        runner.wait_until_ready()
        answers: list[Any] = []
        admits = None if task.admits is None else draws_of(task.admits)
        load = load_message(task, secrets.randbits(62), None)
        describe = Describe(seed=secrets.randbits(32), admits=admits)
        for request, kind in ((load, Loaded), (describe, Description)):
            answers.append(runner.ask(request, kind))
            if isinstance(answers[-1], Failed):
                raise _failed(task, settings, device, answers[-1])
    except TimeoutError as error:
        raise TaskError(
            f"{where}: the reference takes more than {settings.reference_timeout_s:g} s; raise"
            " evaluation.reference_timeout_s, or leave the task out"
        ) from error
    except (Closed, ProtocolError) as error:
        raise TaskError(
            f"{where}: the reference ends its process; its output ends:\n{runner.end(grace_s=1.0)[1]}"
        ) from error
    finally:
        runner.end()
    description: Description = answers[-1]
    if not description.equals_itself:
        raise TaskError(
            f"{where}: two calls of the reference with equal inputs give different outputs (it draws at random, or"
            " keeps a state), so that nothing can be held against it; leave it out"
        )
    return description


def load_message(task: Task, weights_seed: int, source: str | None, *, may_use_tf32: bool = True) -> Load:
    """What a runner is asked to load; without a kernel's source the reference itself."""
    return Load(
        reference_source=task.reference_source,
        source=source,
        weights_seed=weights_seed,
        is_training=task.module_mode == "train",
        may_use_tf32=may_use_tf32,
    )


def too_large(task: Task, settings: EvaluationSettings, device: torch.device, reason: str) -> TaskTooLargeError:
    """The error of a task whose reference needs more memory than there is."""
    if device.type == "cpu":
        what = f"evaluation.max_memory_gb is {settings.max_memory_gb:g}; raise it"
    else:
        total_gb = torch.cuda.get_device_properties(device).total_memory / 1e9
        what = f"this GPU has {total_gb:.1f} GB; take a larger one, or set tasks.skip_too_large: true"
    return TaskTooLargeError(
        f"{task.task_id} {task.name}: the reference needs more memory than there is: {reason}. {what}"
    )


def _failed(task: Task, settings: EvaluationSettings, device: torch.device, failed: Failed) -> TaskError:
    if failed.is_out_of_memory:
        return too_large(task, settings, device, failed.error)
    way = "; install it in this environment" if failed.error.startswith("ModuleNotFoundError") else ""
    return TaskError(f"{task.task_id} {task.name}: the reference cannot be judged on {device}: {failed.error}{way}")
