"""The glossary and the code use the same names."""

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from kbwf import records
from kbwf.policies.table import BACKENDS
from kbwf.records import EvalStatus
from kbwf.run_settings import RunSettings
from kbwf.settings import Strategy, StudySettings
from kbwf.training.advantages import AdvantageKind
from kbwf.training.objective import Divergence
from kbwf.training.rewards import RewardKind
from kbwf.training.self_distillation import TeacherKind

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
MODULES = [path for path in sorted((ROOT / "kbwf").rglob("*.py")) if not path.name[0].isdigit()]
LINES = [line for line in TEXT.splitlines() if line.startswith("|")][2:]
EXAMPLES = re.compile(r"as in `[^`]+`")


def methods_of_runs() -> tuple[Any, ...]:
    """What `runs[].method` may be."""
    return get_args(RunSettings.model_fields["method"].annotation)


def names_in(source: str) -> set[str]:
    """Everything that is called something in a module, and texts of one word, which are names of data."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        names |= {value for key in ("name", "id", "attr", "arg") if isinstance(value := getattr(node, key, None), str)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w-]+", node.value):
            names.add(node.value)
    return names


NAMES = {name for path in MODULES for name in names_in(path.read_text(encoding="utf-8"))}


def identifiers_of(cell: str) -> list[str]:
    """What a cell has in backticks, but for examples of values."""
    return re.findall(r"`([^`]+)`", EXAMPLES.sub("", cell))


def is_in_the_code(identifier: str, names: set[str]) -> bool:
    """Whether it is a path that exists, a name, several of them, an axis, or the end of a class's name."""
    if "/" in identifier:
        return identifier.startswith("results/") or (ROOT / identifier).exists()
    if identifier.startswith(("_", "…")):
        return any(name.endswith(identifier.removeprefix("…")) for name in names)
    if identifier.endswith(".yaml"):
        return any(ROOT.glob(f"kbwf/**/{identifier}"))
    parts = re.findall(r"[A-Za-z][\w-]*", re.sub(r"\{\w+\}|=True", "", identifier))
    return all(part in names for part in parts)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip(" *"))
def test_a_term_s_identifiers_are_found_in_the_code(line: str) -> None:
    """The third column: names, paths, axes."""
    cells = line.strip("|").split("|")
    assert len(cells) == 4, "a row has four cells"
    assert [one for one in identifiers_of(cells[2]) if not is_in_the_code(one, NAMES)] == []


def test_an_identifier_that_is_gone_is_seen() -> None:
    """Or else the test above says nothing."""
    names = {"EvalStatus", "PASSED", "sample_K", "RunSettings"}
    assert is_in_the_code("EvalStatus.PASSED", names) and not is_in_the_code("EvalStatus.LOST", names)
    assert is_in_the_code("_K", names) and not is_in_the_code("_P", names)
    assert is_in_the_code("…Settings", names) and not is_in_the_code("…Options", names)
    assert is_in_the_code("kbwf/judge/", names) and not is_in_the_code("kbwf/zygote/", names)
    assert identifiers_of("`Task`, `task_id` as in `l1_p019`") == ["Task", "task_id"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("records", records.__all__),
        ("statuses", [status.value for status in EvalStatus]),
        ("strategies", get_args(Strategy)),
        ("backends", list(BACKENDS)),
        ("methods", methods_of_runs()),
        ("rewards", get_args(RewardKind)),
        ("advantages", get_args(AdvantageKind)),
        ("teachers", get_args(TeacherKind)),
        ("divergences", get_args(Divergence)),
    ],
)
def test_names_that_a_reader_meets_are_in_the_glossary(kind: str, names: list[str]) -> None:
    """Records by their classes; what can be chosen or found in results by its value."""
    written = {word for found in re.findall(r"`([^`]+)`", TEXT) for word in re.findall(r"[\w-]+", found)}
    assert names, kind
    assert sorted(set(names) - written) == []


def test_blocks_of_the_configuration_are_terms() -> None:
    """`docs/config.md` has every key; what a block is about is a word of the glossary, singular or plural."""
    words = set(re.findall(r"[a-z]+", TEXT.lower()))
    assert [block for block in StudySettings.model_fields if not {block, block.removesuffix("s")} & words] == []
