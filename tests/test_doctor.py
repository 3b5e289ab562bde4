"""What doctor says of this machine."""

import os
import re
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from kbwf.doctor import examine, examine_tasks
from kbwf.errors import InfrastructureError
from kbwf.judge.finding import Finding
from kbwf.judge.judge import Judge
from kbwf.records import EvalStatus, SandboxReport
from kbwf.settings import StudySettings
from tests.judge.quirks import REFUSED, quirk


def found_by(monkeypatch: pytest.MonkeyPatch, finding: Finding | Exception) -> None:
    """Let the judge find this, whatever it is asked."""

    def judge(self: Judge, *arguments: object) -> Finding:
        if isinstance(finding, Exception):
            raise finding
        return finding

    monkeypatch.setattr(Judge, "judge", judge)


def test_every_capability_has_a_line_and_keys_are_not_shown() -> None:
    """`ok` or `--`, a name, a remark; a key is present or not set. A kernel is judged for it."""
    text = examine({**os.environ, "HF_TOKEN": "planted-key", "TINKER_API_KEY": ""})
    found = dict(re.findall(r"^(?:ok|--)  ([\w.]+) +(.+)$", text, re.MULTILINE))
    assert list(found) == [
        "packages", "gpu", "nvcc", "ninja", "triton", "torch.compile", "evaluation", "sandbox", "tinker", "slurm",
        "HF_TOKEN", "TINKER_API_KEY",
    ]  # fmt: skip
    assert f"torch {torch.__version__.partition('+')[0]}" in found["packages"]
    # A machine with much else to do may give no time that can be believed, and says so.
    passes = "a bundled task's reference passes", "flagged: its requests take no longer than empty ones"
    assert found["evaluation"] in passes
    assert "no new privileges" in found["sandbox"]
    assert found["HF_TOKEN"] == "present; for gated models and data sets of Hugging Face"
    assert found["TINKER_API_KEY"] == "not set; for policies on Tinker"
    assert "ok  HF_TOKEN" in text and "--  TINKER_API_KEY" in text
    assert "planted-key" not in text


def test_a_path_at_which_the_compiler_of_torch_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that use it would fail, through no fault of theirs."""
    found_by(monkeypatch, Finding(EvalStatus.PASSED, sandbox=SandboxReport(applied=("rlimits",), missing=())))
    spec = ModuleSpec("torch", None, origin="/home/a user/torch/__init__.py")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec if name == "torch" else None)
    (line,) = (line for line in examine(os.environ).splitlines() if " torch.compile " in line)
    assert line.startswith("--") and "breaks at the space in /home/a user/torch" in line


def test_what_is_missing_comes_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing defences by what there is to do about them; no GPU and no extra package says so too."""
    missing = ("net namespace (EPERM)", "landlock (ENOSYS)", "pid namespace (EPERM)")
    found_by(monkeypatch, Finding(EvalStatus.PASSED, sandbox=SandboxReport(applied=("rlimits",), missing=missing)))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    lines = examine(os.environ).splitlines()
    start = next(number for number, line in enumerate(lines) if " sandbox " in line)
    assert lines[start - 1 : start + 1] == [
        "ok  evaluation      a bundled task's reference passes",
        "--  sandbox         rlimits",
    ]
    assert lines[start + 1] == "      missing: net namespace (EPERM), pid namespace (EPERM)"
    assert lines[start + 2].startswith("          to get it, run as root, or allow user namespaces")
    assert lines[start + 3] == "      missing: landlock (ENOSYS)"
    assert lines[start + 4].startswith("          to get it, Linux 5.13 or later with landlock")
    assert any(line.startswith("--  gpu             none (this torch ") for line in lines)
    assert any("pip install 'kbwf[slurm]'" in line for line in lines)


def test_a_reference_that_does_not_pass_is_a_line_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a machine on which nothing can be judged."""
    sandbox = SandboxReport(applied=("rlimits",), missing=())
    found_by(monkeypatch, Finding(EvalStatus.CRASHED, message="signal 9", sandbox=sandbox))
    assert "\n--  evaluation      crashed: signal 9\nok  sandbox         rlimits\n" in examine(os.environ)
    found_by(monkeypatch, InfrastructureError("a runner did not start"))
    text = examine(os.environ)
    assert "\n--  evaluation      a runner did not start\n" in text
    assert " sandbox " not in text


def test_each_task_of_a_study_says_what_it_needs_or_why_it_cannot_be_judged(tmp_path: Path) -> None:
    """One can be judged, though zeros would pass by KernelBench's rule; one draws at random, one is no Python."""
    (tmp_path / "level1").mkdir()
    problems = {
        "1_Small.py": quirk("return torch.softmax(x, 1)", inputs="torch.rand(8, 65536)").reference_source,
        "2_Dropout.py": REFUSED["dropout"][0].reference_source,
        "3_Broken.py": "import torch\nx = (\n",
    }
    for name, source in problems.items():
        (tmp_path / "level1" / name).write_text(source)
    tasks = {"source": "directory", "level": 1, "path": str(tmp_path)}
    study = StudySettings.model_validate({"tasks": tasks, "evaluation": {"device": "cpu"}, "base": {"model": "a/b"}})
    first, second, third = examine_tasks(study, os.environ).splitlines()
    assert first.startswith(
        "ok  l1_p001         Small: inputs 2.1 MB, results 2.1 MB, the reference besides 0.0 MB, in"
    )
    assert first.endswith("; KernelBench's rule lets constant and zeros through")
    assert second.startswith("--  l1_p002") and "give different outputs" in second
    assert third.startswith("--  l1_p003") and "is no Python source" in third
