"""Judge one sample's kernel: extract it, look for an equal one already measured, measure it, write the record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kbwf import evaluation_store
from kbwf.errors import RecordError
from kbwf.judge.builds import must_build
from kbwf.judge.device import describe_environment, resolve_device
from kbwf.judge.finding import Finding
from kbwf.judge.judge import Judge
from kbwf.judge.pairs import widened
from kbwf.judge.processes import Launcher
from kbwf.provenance import code_digest
from kbwf.records import CONTROL, Calibration, Environment, EvalStatus, Evaluation, Sample, Task
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.store import read_record, read_records, write_record
from kbwf.tasks.extraction import extract_kernel, kernel_digest

_NUM_AHEAD = 8


class EvaluateHandler:
    """Serves the evaluate jobs of one workflow run; keeps torch, the device and the task's bench warm."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start the launcher.

        Args:
            environment: of this process; what a kernel may see of it is on an allow-list.
        """
        self._launcher = Launcher(dict(environment))
        self._judge: Judge | None = None
        self._judge_key: tuple[str, int] | None = None
        self._environment: Environment | None = None
        self._remark = ""  # of the store, on the evaluation at hand
        self._looked_at: tuple[str, set[int]] = "", set()  # of which chunk what need not be compiled ahead any more

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate one sample of a chunk and write its `Evaluation`.

        The request holds `task` (path of its `Calibration`), `samples`, `output` and `store` (paths), `idx`, `settings`
        (config block evaluation) and `prompt` (config block prompt).

        Raises:
            RecordError: the chunk does not hold the sample, or was left out when the task could not be judged.
            InfrastructureError, TaskError: as in `Judge.judge`.
        """
        calibration = read_record(Path(request["task"]), Calibration)
        samples = read_records(Path(request["samples"]), Sample)
        sample = next((each for each in samples if each.sample_idx == request["idx"]), None)
        if sample is None:
            known = [each.sample_idx for each in samples]
            raise RecordError(
                f"{request['samples']} holds samples {known}, not {request['idx']}; remove it and run again"
            )
        settings, prompt = (
            EvaluationSettings.model_validate(request["settings"]),
            PromptSettings.model_validate(request["prompt"]),
        )
        if calibration.refusal:
            evaluation = _not_judged(sample, EvalStatus.TASK_REFUSED, calibration.refusal, settings)
        elif sample.refusal:
            raise RecordError(
                f"{sample.origin} was not drawn, since the task could not be judged ({sample.refusal}); now it can:"
                f" remove {request['samples']} and run again"
            )
        else:
            store = Path(request["store"])
            nearest = [each for each in samples if each.sample_idx >= sample.sample_idx][: 1 + _NUM_AHEAD]
            self._build_ahead(request["samples"], nearest, calibration.task, settings, prompt, store)
            evaluation = self.evaluate(calibration.task, sample, settings, prompt, store, calibration)
        write_record(Path(request["output"]), evaluation)
        return {"message": "\n".join(filter(None, (describe(evaluation), self._remark)))}

    def close(self) -> None:
        """End every process that was started."""
        if self._judge is not None:
            self._judge.close()
        self._launcher.close()

    def prepare(self) -> None:
        """While no job asks: get ready for the next."""
        if self._judge is not None:
            self._judge.prepare()

    def evaluate(
        self,
        task: Task,
        sample: Sample,
        settings: EvaluationSettings,
        prompt: PromptSettings,
        store: Path | None,
        calibration: Calibration | None = None,
    ) -> Evaluation:
        """The evaluation of one sample.

        Args:
            store: keeps measurements by content; None measures anew.
            calibration: of the task; one from this kind of machine spares describing it again, and its pairs widen the
                speedup's interval.
        """
        self._remark = ""
        extraction = extract_kernel(sample.response, task, prompt.style)
        if extraction.kernel_source is None:
            return _not_judged(sample, EvalStatus.NO_KERNEL, extraction.reason, settings)
        judge, environment = self.judge_for(settings)
        known = calibration if calibration is not None and _is_of(calibration, environment) else None
        if known is not None and known.description is not None:
            judge.know(task, settings, known.description)
        # The control is always measured anew: its spread is the result.
        folder = store if settings.reuse and sample.policy_id != CONTROL else None
        evaluation = self._measured(judge, environment, task, sample, extraction.kernel_source, settings, folder)
        if known is None or evaluation.timing is None:
            return evaluation
        return evaluation.model_copy(update={"timing": widened(evaluation.timing, known.pairs)})

    def judge_for(self, settings: EvaluationSettings) -> tuple[Judge, Environment]:
        """The judge of this device and thread count, and what it judges on."""
        key = (settings.device, settings.num_threads)
        if self._judge is None or self._environment is None or key != self._judge_key:
            if self._judge is not None:
                self._judge.close()
            device = resolve_device(settings.device)
            self._environment = describe_environment(device, settings.num_threads)
            self._judge, self._judge_key = Judge(self._launcher, device, self._environment), key
        return self._judge, self._environment

    def _build_ahead(
        self,
        chunk: str,
        samples: Sequence[Sample],
        task: Task,
        settings: EvaluationSettings,
        prompt: PromptSettings,
        store: Path,
    ) -> None:
        """Have a GPU's host compile the next kernels of the chunk while this one is judged; look at each once."""
        if self._looked_at[0] != chunk:
            self._looked_at = chunk, set()
        seen = self._looked_at[1]
        new = [each for each in samples if each.sample_idx not in seen and must_build(each.response)]
        if not new:
            return
        judge, environment = self.judge_for(settings)
        if not judge.builds_ahead:
            return
        for sample in new:
            seen.add(sample.sample_idx)
            source = extract_kernel(sample.response, task, prompt.style).kernel_source
            conditions = _conditions(task, kernel_digest(source or ""), settings, environment)
            if source is not None and not (settings.reuse and evaluation_store.has(store, conditions)):
                judge.build_ahead(task, source, settings)

    def _measured(
        self,
        judge: Judge,
        environment: Environment,
        task: Task,
        sample: Sample,
        kernel_source: str,
        settings: EvaluationSettings,
        folder: Path | None,
    ) -> Evaluation:
        """What the folder of measurements has of this kernel, else what the judge finds."""
        origin = sample.origin.model_dump()
        conditions = _conditions(task, kernel_digest(kernel_source), settings, environment)
        if folder is not None:
            found, self._remark = evaluation_store.find(folder, conditions)
            if found is not None:
                own = {**origin, "kernel_source": kernel_source, "is_reused": True}
                return found.model_copy(update=own)
        finding = judge.judge(task, kernel_source, settings)
        evaluation = _to_record(finding, origin, kernel_source, conditions["kernel"], environment, settings, task)
        if folder is not None and evaluation.status in evaluation_store.REUSABLE:
            self._remark = evaluation_store.keep(folder, conditions, evaluation) or self._remark
        return evaluation


def describe(evaluation: Evaluation) -> str:
    """One line for the log and the command line."""
    seconds = f"{sum(evaluation.seconds_s.values()):.2f} s" + (", reused" if evaluation.is_reused else "")
    if evaluation.timing is None:
        return f"{evaluation.status.value}: {evaluation.message} ({seconds})"
    timing = evaluation.timing
    return (
        f"passed: {timing.speedup:.3f}x [{timing.speedup_low:.3f}, {timing.speedup_high:.3f}], {timing.comparison}:"
        f" {timing.runtime_ms:.4f} ms against the reference's {timing.ref_runtime_ms:.4f} ms ({seconds})"
    )


def _is_of(calibration: Calibration, environment: Environment) -> bool:
    """Whether a task was calibrated on such a machine; cards of one kind are alike."""
    found = calibration.environment
    return found is not None and found.model_copy(update={"device_uuid": environment.device_uuid}) == environment


def _not_judged(sample: Sample, status: EvalStatus, reason: str, settings: EvaluationSettings) -> Evaluation:
    return Evaluation(
        **sample.origin.model_dump(),
        status=status,
        message=reason,
        kernel_source=None,
        kernel_sha256=None,
        mode=settings.mode,
    )


def _conditions(task: Task, digest: str, settings: EvaluationSettings, environment: Environment) -> dict[str, Any]:
    """Equal only where a measurement would be: kernel, task, settings, hardware, software and the judge's own code."""
    return {
        "task": task.reference_sha256,
        "admits": task.model_dump(mode="json")["admits"],
        "module_mode": task.module_mode,
        "kernel": digest,
        "settings": settings.model_dump(mode="json", exclude={"reuse", "num_identity_pairs"}),
        "environment": environment.model_dump(mode="json", exclude={"device_uuid"}),
        "code": code_digest("kbwf.judge.judge"),
    }


def _to_record(
    finding: Finding,
    origin: dict[str, Any],
    source: str,
    digest: str,
    environment: Environment,
    settings: EvaluationSettings,
    task: Task,
) -> Evaluation:
    assert finding.status is not None, "the judge is done"
    return Evaluation(
        **origin,
        status=finding.status,
        message=finding.message,
        trace=finding.trace,
        kernel_source=source,
        kernel_sha256=digest,
        official=finding.official,
        hardened=finding.hardened,
        degenerate=finding.degenerate,
        ref_failure=finding.ref_failure,
        timing=finding.timing,
        environment=environment,
        sandbox=finding.sandbox,
        mode=settings.mode,
        module_mode=task.module_mode,
        may_use_tf32=finding.may_use_tf32,
        seconds_s=finding.seconds_s,
    )
