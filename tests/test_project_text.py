"""Sizes and habits of the project's own text that no linter knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "kbwf").rglob("*.py"))
RULE_FILES = sorted((ROOT / "rules").glob("*.smk"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "results" / "README.md"])


def _num_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_there_is_text_to_look_at() -> None:
    """The lists below are not empty by mistake."""
    assert len(MODULES) > 40
    assert len(RULE_FILES) >= 6


@pytest.mark.parametrize(
    ("paths", "limit"),
    [
        (MODULES, 400),
        (RULE_FILES, 150),
        ([ROOT / "Snakefile"], 40),
        ([ROOT / "kbwf" / "settings.py"], 299),
    ],
    ids=["modules", "rule files", "Snakefile", "settings.py"],
)
def test_no_file_is_longer_than_a_sitting(paths: list[Path], limit: int) -> None:
    """A module past 400 lines is two; the whole workflow is read in ten minutes."""
    too_long = {str(path.relative_to(ROOT)): _num_lines(path) for path in paths if _num_lines(path) > limit}
    assert too_long == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    """A helper stands where it is used, or in a module named after what it does."""
    names = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert [path for path in MODULES if path.name in names] == []


@pytest.mark.parametrize("path", [*RULE_FILES, ROOT / "Snakefile"], ids=lambda path: path.name)
def test_nothing_is_left_to_do(path: Path) -> None:
    """What is not done is not in the code (in modules the linter sees to it): it is built, or an issue."""
    assert re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_rules_hold_no_python_bodies(path: Path) -> None:
    """`run:` starts a second Snakemake and is not part of the cache's hash; a rule calls the command line."""
    assert re.findall(r"^\s+(?:run|script|notebook):", path.read_text(encoding="utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_the_documents_name_exist(path: Path) -> None:
    """A path in backticks that starts with one of the project's folders is there, placeholders apart."""
    folders = "kbwf|rules|workflow|profiles|tests|docs"
    named = re.findall(rf"`((?:{folders})/[\w./*-]+)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


LINTS_THAT_ARE_MEANT = (
    "Specify a conda environment or container",  # one pip environment holds everything; its versions are in the records
    "Environment variable PATH",  # set for the jobs, not expected from the user
    "Environment variable KBWF_OWNER",
    "Environment variable KBWF_STORE",
    "Environment variable KBWF_GPUS",
    "Mixed rules and functions",  # a helper of one rule stands beside it
    "Param folder is a prefix",  # a folder that the rule fills
)


def test_snakemake_s_linter_finds_only_what_is_meant(tmp_path: Path) -> None:
    """Above all: every rule has a log, and no command takes a variable from outside its rule."""
    command = [str(Path(sys.executable).parent / "snakemake"), "--lint", "--snakefile", str(ROOT / "Snakefile")]
    linted = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    findings = re.findall(r"^    \* (.+)$", linted.stderr, re.MULTILINE)
    assert any(finding.startswith(LINTS_THAT_ARE_MEANT[0]) for finding in findings), linted.stderr
    assert [finding for finding in findings if not finding.startswith(LINTS_THAT_ARE_MEANT)] == []
