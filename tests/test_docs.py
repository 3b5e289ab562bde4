"""Commands and settings that docs/tinker.md shows are ones that there are."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from kbwf.cli import main
from kbwf.settings import BaseSettings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "tinker.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
PLANS = [command for command in COMMANDS if command.startswith("kbwf plan")]


@pytest.mark.parametrize("command", PLANS)
def test_an_estimate_is_made_as_written(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the repository's folder."""
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    assert "samples from the model" in capsys.readouterr().out


def test_each_study_is_estimated_before_it_is_run() -> None:
    """And the extra that is installed is one of the project's; `test_backends.py` plans the studies' DAGs."""
    run = [re.search(r"--configfile (\S+)", command) for command in COMMANDS if command.startswith("snakemake")]
    assert [match and match[1] for match in run] == [shlex.split(command)[2] for command in PLANS] != []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert COMMANDS[0] == "pip install 'kbwf[tinker]'" and extras["tinker"] == ["tinker==0.38.*"]


def test_the_settings_are_valid() -> None:
    """As YAML, comments and all."""
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    base = BaseSettings.model_validate(yaml.safe_load(block)["base"])
    assert (base.backend, base.renderer, base.logprobs_temperature) == ("tinker", "gpt-oss", "sampling")
