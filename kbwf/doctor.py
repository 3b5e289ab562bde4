"""Doctor: what this machine can do, and what to install for the rest."""

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from kbwf import plan
from kbwf.errors import KbwfError, TaskError
from kbwf.judge.card import card_of
from kbwf.judge.device import describe_environment, describe_gpus, resolve_device
from kbwf.judge.judge import Judge
from kbwf.judge.memory import need_of
from kbwf.judge.processes import Launcher
from kbwf.records import EvalStatus
from kbwf.records.task import parse_task_id
from kbwf.sandbox.defences import remedy
from kbwf.sandbox.messages import Description
from kbwf.settings import EvaluationSettings, StudySettings, TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.prompts import forward_body
from kbwf.tasks.sources import load_task

_CREDENTIALS = {"HF_TOKEN": "gated models and data sets of Hugging Face", "TINKER_API_KEY": "policies on Tinker"}


def examine(environment: Mapping[str, str]) -> str:
    """A line per capability: `ok`, or `--` with the way to get it. Keys are reported as present or not, never shown."""
    lines = [_line(True, "packages", _versions("snakemake", "torch", "transformers", "peft", "datasets"))]
    has_gpu, gpus = describe_gpus()
    lines.append(_line(has_gpu, "gpu", gpus))
    if has_gpu:
        lines.append(_clocks_line())
    for program, lack in (
        ("nvcc", "not found; only for CUDA sources"),
        ("ninja", "not found; only for C++ and CUDA sources: pip install ninja"),
    ):
        lines.append(_line(shutil.which(program) is not None, program, shutil.which(program) or lack))
    has_triton = importlib.util.find_spec("triton") is not None
    lines.append(_line(has_triton, "triton", _versions("triton") if has_triton else "comes with a CUDA build of torch"))
    lines.append(_compile_line())
    lines += _judged(environment)
    for package, extra in (("tinker", "tinker"), ("snakemake_executor_plugin_slurm", "slurm")):
        found = importlib.util.find_spec(package) is not None
        version = _versions(package.replace("_", "-"))
        lines.append(_line(found, extra, version if found else f"pip install 'kbwf[{extra}]'"))
    for variable, purpose in _CREDENTIALS.items():
        present = bool(environment.get(variable))
        lines.append(_line(present, variable, f"{'present' if present else 'not set'}; for {purpose}"))
    return "\n".join(lines)


def _clocks_line() -> str:
    """Whether a throttled card would be noticed."""
    card = card_of(resolve_device("auto"))
    if card is None:
        return _line(False, "clocks", "NVML says nothing of this GPU: blocks of a throttled card are not timed again")
    clock_mhz, reasons = card.read()
    return _line(
        True, "clocks", f"{clock_mhz} MHz now{', held back by ' if reasons else ''}{', '.join(sorted(reasons))}"
    )


def _compile_line() -> str:
    """PyTorch passes its own folder to compilers unquoted; kernels would fail, and be blamed for it."""
    torch = importlib.util.find_spec("torch")
    path = str(torch.origin) if torch else ""
    if " " in path:
        return _line(False, "torch.compile", f"breaks at the space in {path}; install into a path without spaces")
    return _line(True, "torch.compile", "no space in the path of PyTorch, at which its compiler's commands break")


def _judged(environment: Mapping[str, str]) -> list[str]:
    """A whole evaluation: a bundled task's own reference, in the sandbox."""
    task, settings = load_task(TaskSettings(), 1), EvaluationSettings(mode="fast")
    kernel_source = extract_kernel(forward_body(task.reference_source), task, "forward_body").kernel_source
    assert kernel_source is not None, "a bundled task's own body is a kernel"
    with _judge_for(settings, environment) as judge:
        try:
            finding = judge.judge(task, kernel_source, settings)
        except KbwfError as error:
            return [_line(False, "evaluation", str(error))]
    is_fine = finding.status == EvalStatus.PASSED
    said = "a bundled task's reference passes" if is_fine else f"{finding.status}: {finding.message}"
    lines = [_line(is_fine, "evaluation", said)]
    assert finding.sandbox is not None, "a kernel was started"
    lines.append(_line(not finding.sandbox.missing, "sandbox", ", ".join(finding.sandbox.applied)))
    return lines + _what_the_sandbox_lacks(finding.sandbox.missing)


@contextmanager
def _judge_for(settings: EvaluationSettings, environment: Mapping[str, str]) -> Iterator[Judge]:
    device = resolve_device(settings.device)
    launcher = Launcher(dict(environment))
    judge = Judge(launcher, device, describe_environment(device, settings.num_threads))
    try:
        yield judge
    finally:
        judge.close()
        launcher.close()


def examine_tasks(study: StudySettings, environment: Mapping[str, str]) -> str:
    """A line per task of a study: what memory judging it takes, or why it cannot be judged.

    Raises:
        ConfigError: the study's tasks cannot be listed.
        InfrastructureError: the device is not there.
    """
    settings = study.evaluation
    lines = []
    with _judge_for(settings, environment) as judge:
        for task_id in plan.task_ids(study.tasks):
            try:
                task = load_task(study.tasks, parse_task_id(task_id)[1])
                lines.append(_line(True, task_id, f"{task.name}: {_need(judge.describe(task, settings))}"))
            except TaskError as error:
                lines.append(_line(False, task_id, str(error)))
    return "\n".join(lines)


def _need(description: Description) -> str:
    need = need_of(description)
    sizes = {
        "inputs": need.inputs_bytes, "results": need.outputs_bytes, "the reference besides": need.reference_bytes,
        "in all": need.total_bytes,
    }  # fmt: skip
    shown = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in sizes.items())
    degenerate = description.yardstick.degenerate
    return shown + (f"; KernelBench's rule lets {' and '.join(degenerate)} through" if degenerate else "")


def _what_the_sandbox_lacks(missing: Iterable[str]) -> list[str]:
    """A line for the defences that have a remedy in common, and one for the remedy."""
    entries_by_remedy: dict[str, list[str]] = {}
    for entry in missing:
        entries_by_remedy.setdefault(remedy(entry), []).append(entry)
    lines = []
    for way, entries in entries_by_remedy.items():
        lines.append(f"      missing: {', '.join(entries)}")
        if way:
            lines.append(f"          to get it, {way}")
    return lines


def _versions(*packages: str) -> str:
    return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages if _installed(package))


def _installed(package: str) -> bool:
    return any(True for _ in importlib.metadata.distributions(name=package))


def _line(is_ok: bool, name: str, text: str) -> str:
    return f"{'ok' if is_ok else '--':4}{name:16}{text}"
