"""What every rule must have, read from the rule files."""

import inspect
import re
from pathlib import Path

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from tests.scale.test_large_runs import STUB
from tests.slurm.conftest import BEFORE

REPOSITORY = Path(__file__).parents[2]
PATTERN = r"^(?:rule|checkpoint) (?P<name>\w+):\n(?P<body>(?:(?:    .*)?\n)+)"
RULES = {
    match["name"]: match["body"]
    for path in sorted((REPOSITORY / "rules").glob("*.smk"))
    for match in re.finditer(PATTERN, path.read_text(), re.MULTILINE)
}


def directive(body: str, name: str) -> str:
    """Text of one directive of a rule, or an empty string."""
    match = re.search(rf"^    {name}:(.*\n(?:(?:        .*)?\n)*)", body, re.MULTILINE)
    return match[1] if match else ""


def missing_wildcards(body: str) -> set[str]:
    """Wildcards of the outputs that are not handed to the command as a param of their own."""
    wildcards = set(re.findall(r"(?<!\{)\{(\w+)\}", directive(body, "output")))
    passed = set(re.findall(r"^\s+(\w+)=\"\{\1\}\"", directive(body, "params"), re.MULTILINE))
    return wildcards - passed


def test_the_rule_files_were_found() -> None:
    """The patterns of this module see all rules."""
    assert {"make_split", "freeze_task", "sample_chunk", "evaluate_kernel", "make_report"} <= set(RULES)


@pytest.mark.parametrize("name", [name for name, body in RULES.items() if directive(body, "cache")])
def test_every_wildcard_of_a_cached_rule_is_a_param(name: str) -> None:
    """Snakemake's cache hashes params and the unformatted command; other wildcards would hand on a neighbour's file."""
    if 'f"' in directive(RULES[name], "output"):  # paths fixed by the configuration have no wildcards
        return
    assert missing_wildcards(RULES[name]) == set()


def test_a_forgotten_wildcard_is_noticed() -> None:
    """The check above can fail."""
    body = '    output:\n        "a/{task}/{seed}.json",\n    params:\n        task="{task}",\n'
    assert missing_wildcards(body) == {"seed"}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_logs_and_tracks_the_code_of_its_own_stage(name: str) -> None:
    """A log for its messages, the digest of the stage of its name, and a shell command: no run blocks."""
    body = RULES[name]
    assert directive(body, "log")
    assert f'stage_digest("{name}")' in directive(body, "params")
    assert directive(body, "shell")
    assert not directive(body, "run")


@pytest.mark.parametrize("name", RULES)
def test_commands_use_params_not_wildcards_or_config(name: str) -> None:
    """`{config[x]}` is not tracked and `{wildcards.x}` is not hashed."""
    command = directive(RULES[name], "shell")
    assert "{config" not in command
    assert "{wildcards" not in command


def test_every_stage_belongs_to_one_rule() -> None:
    """One file, one rule, one digest."""
    stages = {path.stem for path in (REPOSITORY / "kbwf" / "stages").glob("*.py") if path.stem != "__init__"}
    assert stages == set(RULES)


@pytest.mark.parametrize(("name", "old", "_"), [STUB, BEFORE], ids=["scale", "slurm"])
def test_what_tests_outside_the_gate_edit_is_there(name: str, old: str, _: str) -> None:
    """They run seldom; without this they would be found to lag behind the code only then."""
    assert old in (REPOSITORY / name).read_text()


def test_the_rate_limit_that_a_run_takes_away_is_where_it_was() -> None:
    """Not of Snakemake's interface: should another version call it otherwise, long runs would be slow again."""
    assert "self.job_rate_limiter = " in inspect.getsource(JobScheduler.__init__)
    assert "if self.job_rate_limiter is None:" in inspect.getsource(JobScheduler.job_selector)
