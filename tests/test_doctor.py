"""What doctor says of this machine."""

import re

import pytest
import torch

from kbwf import doctor
from kbwf.doctor import examine


def test_every_capability_has_a_line_and_keys_are_not_shown() -> None:
    """`ok` or `--`, a name, a remark; a key is present or not set."""
    text = examine({"HF_TOKEN": "planted-key", "TINKER_API_KEY": ""})
    found = dict(re.findall(r"^(?:ok|--)  (\w+) +(.+)$", text, re.MULTILINE))
    assert list(found) == [
        "packages", "gpu", "nvcc", "triton", "sandbox", "tinker", "slurm", "HF_TOKEN", "TINKER_API_KEY",
    ]  # fmt: skip
    assert f"torch {torch.__version__.partition('+')[0]}" in found["packages"]
    assert found["HF_TOKEN"] == "present; for gated models and data sets of Hugging Face"
    assert found["TINKER_API_KEY"] == "not set; for policies on Tinker"
    assert "ok  HF_TOKEN" in text and "--  TINKER_API_KEY" in text
    assert "planted-key" not in text


def test_what_is_missing_comes_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing steps by what there is to do about them; no GPU and no extra package says so too."""
    gap = {"applied": ["rlimits"], "missing": ["net namespace (EPERM)", "landlock (ENOSYS)", "pid namespace (EPERM)"]}
    monkeypatch.setattr(doctor, "probe_sandbox", lambda zygote, device: gap)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    lines = examine({}).splitlines()
    start = next(number for number, line in enumerate(lines) if " sandbox " in line)
    assert lines[start] == "--  sandbox         rlimits"
    assert lines[start + 1] == "      missing: net namespace (EPERM), pid namespace (EPERM)"
    assert lines[start + 2].startswith("          to get it, run as root, or allow user namespaces")
    assert lines[start + 3] == "      missing: landlock (ENOSYS)"
    assert lines[start + 4].startswith("          to get it, Linux 5.13 or later with landlock")
    assert any(line.startswith("--  gpu             none (this torch ") for line in lines)
    assert any("pip install 'kbwf[slurm]'" in line for line in lines)
