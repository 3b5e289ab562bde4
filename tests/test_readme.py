"""The README's commands exist and run as written."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def test_the_readme_shows_its_two_commands_first() -> None:
    """`make demo` and `make test` come before all others."""
    assert COMMANDS[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_a_make_target_exists(command: str) -> None:
    """Make knows what it would do, without doing it."""
    done = subprocess.run(
        [*shlex.split(command), "--dry-run"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [command for command in COMMANDS if "/kbwf " in command])
def test_a_kbwf_command_runs_as_written(command: str) -> None:
    """Exit code 0 and something to read."""
    done = subprocess.run(
        shlex.split(command), cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if "snakemake" in command and "--report" not in command]
)
def test_a_snakemake_command_is_planned_as_written(command: str, tmp_path: Path) -> None:
    """As a dry run in an empty folder; `--report` needs results and is run by the workflow tests."""
    words = [*shlex.split(command), "--dry-run", "--quiet", "all", "--directory", str(tmp_path)]
    words += ["--snakefile", str(REPOSITORY / "Snakefile")]
    words[0] = str(REPOSITORY / words[0])
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
