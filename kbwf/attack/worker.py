"""A warm process that judges the bank, as it judges a workflow's samples; replaced when a kernel brings it down."""

import subprocess
import threading
from pathlib import Path
from typing import Any

from kbwf.errors import InfrastructureError, KbwfError, TaskError
from kbwf.records import Calibration, Evaluation, Sample, Task
from kbwf.records.base import sha256_of
from kbwf.records.task import task_id_of
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.store import read_record, write_record, write_records
from kbwf.warm.client import call, runtime_dir
from kbwf.warm.lifetime import owner_of

_LEVEL = 9
_HANG_FACTOR, _HANG_SLACK_S = 3.0, 240.0
"""A judge that needs so much longer than a kernel's limit does not answer any more."""


class Worker:
    """Judges one kernel after the other. Close it, or leave a `with`."""

    def __init__(self, folder: Path, credentials: tuple[str, ...] = ()) -> None:
        """Nothing is started before the first kernel.

        Args:
            folder: for records; nobody else's.
            credentials: names of environment variables that the process is given, as a policy's would be.
        """
        self._folder, self._credentials = folder, credentials
        self._owner: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._task_numbers: dict[Path, int] = {}

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def evaluate(
        self, task_path: Path, kernel_source: str, settings: EvaluationSettings, store: Path | None = None
    ) -> Evaluation:
        """The record of one kernel, from a process that may have judged others before.

        Args:
            store: measurements to reuse; None is an empty one.

        Raises:
            TaskError: the task cannot be judged, whatever the kernel.
            InfrastructureError: the judge failed, ended or hangs.
        """
        self._number += 1
        folder = self._folder / str(self._number)
        task = self._task_of(task_path)
        write_record(folder / "task.json", Calibration(task=task, mode=settings.mode))
        write_records(folder / "samples.jsonl", [_sample_of(task, kernel_source)])
        request = {
            "task": str(folder / "task.json"),
            "samples": str(folder / "samples.jsonl"),
            "output": str(folder / "evaluation.json"),
            "store": str(store or folder / "store"),
            "idx": 0,
            "settings": settings.model_dump(mode="json"),
            "prompt": PromptSettings(style="model_new").model_dump(mode="json"),
        }
        self._call(request, _HANG_FACTOR * settings.timeout_s + _HANG_SLACK_S)
        return read_record(folder / "evaluation.json", Evaluation)

    def new_store(self) -> Path:
        """An empty folder for measurements."""
        self._number += 1
        return self._folder / f"store-{self._number}"

    def log(self) -> str:
        """What the processes of this worker's user have written, as far as they are still there."""
        logs = sorted(Path(runtime_dir()).glob("evaluate-*.log"))
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def close(self) -> None:
        """End the process: it leaves with its owner."""
        if self._owner is not None:
            self._owner.kill()
            self._owner.wait()
            self._owner = None

    def _call(self, request: dict[str, Any], limit_s: float) -> None:
        if self._owner is None:
            self._owner = subprocess.Popen(["cat"], stdin=subprocess.PIPE)  # ends with this process too
        owner = owner_of(self._owner.pid)
        failures: list[KbwfError] = []

        def ask() -> None:
            try:
                call("evaluate", request, "attack", owner, self._credentials)
            except KbwfError as error:
                failures.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(limit_s)
        if thread.is_alive():
            self.close()
            raise InfrastructureError(f"the judge gave no answer for {limit_s:.0f} s")
        if failures:
            if failures[0].exit_code == TaskError.exit_code:
                raise TaskError(str(failures[0]))
            self.close()
            raise InfrastructureError(str(failures[0]))

    def _task_of(self, path: Path) -> Task:
        number = self._task_numbers.setdefault(path, len(self._task_numbers) + 1)
        source = path.read_text(encoding="utf-8")
        return Task(
            task_id=task_id_of(_LEVEL, number), level=_LEVEL, problem_id=number, name=path.stem,
            reference_source=source, reference_sha256=sha256_of(source), source="directory", revision="unversioned",
        )  # fmt: skip


def _sample_of(task: Task, response: str) -> Sample:
    return Sample(
        task_id=task.task_id, policy_id="attack", seed=0, sample_idx=0, response=response, token_ids_T=None,
        sampling_logprobs_T=None, policy_logprobs_T=None, temperature=0, num_prompt_tokens=0, finish_reason="stop",
        prompt_sha256=sha256_of(""), model="attack",
    )  # fmt: skip
