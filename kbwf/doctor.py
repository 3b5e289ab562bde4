"""Doctor: what this machine can do, and what to install for the rest."""

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterable, Mapping

from kbwf.judge.bench import probe_sandbox
from kbwf.judge.device import describe_gpus
from kbwf.sandbox.defences import remedy
from kbwf.sandbox.launcher import Zygote

_CREDENTIALS = {"HF_TOKEN": "gated models and data sets of Hugging Face", "TINKER_API_KEY": "policies on Tinker"}


def examine(environment: Mapping[str, str]) -> str:
    """A line per capability: `ok`, or `--` with the way to get it. Keys are reported as present or not, never shown."""
    zygote = Zygote()  # before anything touches the GPU
    lines = [_line(True, "packages", _versions("snakemake", "torch", "transformers", "peft", "datasets"))]
    has_gpu, gpus = describe_gpus()
    lines.append(_line(has_gpu, "gpu", gpus))
    lines.append(
        _line(shutil.which("nvcc") is not None, "nvcc", shutil.which("nvcc") or "not found; only for CUDA sources")
    )
    has_triton = importlib.util.find_spec("triton") is not None
    lines.append(_line(has_triton, "triton", _versions("triton") if has_triton else "comes with a CUDA build of torch"))
    report = probe_sandbox(zygote, "cuda:0" if has_gpu else "cpu")
    lines.append(_line(not report["missing"], "sandbox", ", ".join(report["applied"])))
    lines += _what_the_sandbox_lacks(report["missing"])
    for package, extra in (("tinker", "tinker"), ("snakemake_executor_plugin_slurm", "slurm")):
        found = importlib.util.find_spec(package) is not None
        version = _versions(package.replace("_", "-"))
        lines.append(_line(found, extra, version if found else f"pip install 'kbwf[{extra}]'"))
    for variable, purpose in _CREDENTIALS.items():
        present = bool(environment.get(variable))
        lines.append(_line(present, variable, f"{'present' if present else 'not set'}; for {purpose}"))
    return "\n".join(lines)


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
