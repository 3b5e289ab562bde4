"""Imports only point down, and some things are done in one place only."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    6: ("__main__",),
    5: ("cli",),
    4: ("stages", "generated"),
    3: ("store", "provenance", "tasks", "evaluation", "backends", "report", "warm"),
    2: ("metrics", "strategies", "training", "config", "plan"),
    1: ("records", "errors"),
}
FLOOR_OF = {unit: floor for floor, units in FLOORS.items() for unit in units}
TORCH = (
    "kbwf.evaluation",
    "kbwf.backends.local",
    "kbwf.backends.generation",
    "kbwf.backends.logprobs",
    "kbwf.backends.gradients",
    "kbwf.backends.adapter",
    "kbwf.backends.training_local",
    "kbwf.backends.demo_policy",
)
ENVIRONMENT = ("kbwf.cli", "kbwf.warm.client", "kbwf.evaluation.sandbox")
"""warm.client hands a child an allow-list; the sandbox empties the candidate's."""
FOR_RULES = ("kbwf.config", "kbwf.plan", "kbwf.provenance")
"""Building the DAG must stay quick."""
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "kbwf").rglob("*.py"))
    if not path.name[0].isdigit()  # the suite's problems are data
}


def imports_of(tree: ast.AST) -> list[str]:
    """Dotted names of what is imported, at the top or inside functions; `from kbwf import plan` gives `kbwf.plan`."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names += [f"{module}.{alias.name}" if module == "kbwf" else module for alias in node.names]
    return names


def is_within(name: str, places: tuple[str, ...]) -> bool:
    """The module is one of the places, or lies in one that is a package."""
    return any(name == place or name.startswith(place + ".") for place in places)


def may_import(unit: str, other: str) -> bool:
    """Down always; on one floor: pure modules each other, and everybody the store. `warm` is alone with the errors."""
    if unit == "warm":
        return other in ("warm", "errors")
    above, below = FLOOR_OF[unit], FLOOR_OF[other]
    return unit == other or below < above or (below == above and (above <= 2 or other == "store"))


def violations(name: str, source: str) -> list[str]:
    """What this module does that its place forbids."""
    tree, found = ast.parse(source), []
    unit = name.split(".")[1] if "." in name else ""
    if unit and unit not in FLOOR_OF:
        return [f"{unit} stands on no floor"]
    for imported in imports_of(tree):
        parts = imported.split(".")
        if parts[0] == "":
            found.append("relative import")
        elif parts[0] == "kbwf" and len(parts) > 1 and parts[1] in FLOOR_OF and not may_import(unit, parts[1]):
            found.append(f"imports {imported}")
        elif parts[0] == "torch" and not is_within(name, TORCH):
            found.append("imports torch")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and name != "kbwf.cli":
            found.append("prints")
        text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.ImportFrom) else ""
        if text.endswith(("environ", "getenv")) and not is_within(name, ENVIRONMENT):
            found.append("reads the environment")
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and str(node.value).startswith("results/") and id(node) not in documentation:
            found.append(f"names the path {node.value}")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_keeps_to_its_floor(name: str) -> None:
    """Imports, torch, environment variables, printing and paths of results, each where it belongs."""
    assert violations(name, MODULES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "source", "violation"),
    [
        ("kbwf.records.task", "from kbwf.metrics.fast_p import fast_p", "imports kbwf.metrics.fast_p"),
        ("kbwf.tasks.prompts", "from kbwf import backends", "imports kbwf.backends"),
        ("kbwf.tasks.prompts", "def late():\n    import kbwf.report.tables", "imports kbwf.report.tables"),
        ("kbwf.store", "from kbwf.provenance import stage_digest", "imports kbwf.provenance"),
        ("kbwf.generated", "from kbwf.stages import split", "imports kbwf.stages"),
        ("kbwf.warm.client", "from kbwf.records import Task", "imports kbwf.records"),
        ("kbwf.stages.split", "from ..config import Tasks", "relative import"),
        ("kbwf.stages.doctor", "import torch.cuda", "imports torch"),
        ("kbwf.backends.identity", "from torch import nn", "imports torch"),
        ("kbwf.utils", "", "utils stands on no floor"),
        ("kbwf.stages.doctor", "import os\nos.environ['X']", "reads the environment"),
        ("kbwf.evaluation.zygote", "from os import getenv", "reads the environment"),
        ("kbwf.stages.select", "print(1)", "prints"),
        ("kbwf.stages.select", "folder = 'results/best'", "names the path results/best"),
    ],
)
def test_a_violation_is_found(name: str, source: str, violation: str) -> None:
    """The check itself, on made-up modules that break one rule each."""
    assert violations(name, source) == [violation]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("kbwf.report.tables", "from kbwf.store import write_text"),
        ("kbwf.stages.select", "TEXT = 'print(1)'"),
        ("kbwf.config", "class A:\n    b: str\n    '''results/best'''"),
        ("kbwf.tasks.sources", "import kbwf\nfrom kbwf import plan"),
    ],
)
def test_what_is_allowed_is_not_found(name: str, source: str) -> None:
    """The store from floor 3, text that is written elsewhere, documentation, the package's version."""
    assert violations(name, source) == []


def imports_of_rules(text: str) -> list[str]:
    """Modules of this package that a rule file's import lines name."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith(("import ", "from "))]
    return [name for line in lines for name in imports_of(ast.parse(line)) if name.split(".")[0] == "kbwf"]


def test_rule_files_import_only_what_is_quick() -> None:
    """Snakemake reads them for every job: neither torch nor a stage may come with them."""
    for path in [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]:
        assert set(imports_of_rules(path.read_text(encoding="utf-8"))) <= set(FOR_RULES), path.name
    assert imports_of_rules("  from kbwf.stages.split import make_split") == ["kbwf.stages.split"]
