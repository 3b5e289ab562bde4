"""What neither the linter nor the import contracts can see."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from kbwf.policies.table import BACKENDS, Backend
from kbwf.provenance import modules_of

ROOT = Path(__file__).parents[1]
FOR_RULES = {
    "kbwf.plan", "kbwf.plan_checks", "kbwf.errors", "kbwf.policies.table", "kbwf.provenance", "kbwf.records.origin",
    "kbwf.config_files", "kbwf.tasks.locations", "kbwf.warm.lifetime", "kbwf.warm.slots", "kbwf.printable",
    "kbwf.run_guard",
}  # fmt: skip
"""Snakemake reads the rule files for every job: neither torch nor a stage may come with them."""
MODULES = [path for path in sorted((ROOT / "kbwf").rglob("*.py")) if not path.name[0].isdigit()]
POLICY_NAMES = {"base", "identity", *BACKENDS}


def imports_of_rules(text: str) -> list[str]:
    """Modules of this package that a rule file's import lines name."""
    names = []
    for line in text.splitlines():
        if line.strip().startswith(("import kbwf", "from kbwf")):
            node = ast.parse(line.strip()).body[0]
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                names += [f"{module}.{alias.name}" if is_package(module) else module for alias in node.names]
            elif isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
    return names


def is_package(module: str) -> bool:
    """A folder of modules."""
    return (ROOT / module.replace(".", "/")).is_dir()


def test_rule_files_import_only_what_is_quick() -> None:
    """The list is short, and the check sees an import of a stage."""
    for path in [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]:
        assert set(imports_of_rules(path.read_text(encoding="utf-8"))) <= FOR_RULES, path.name
    assert imports_of_rules("  from kbwf.stages.make_split import make_split") == ["kbwf.stages.make_split"]
    assert imports_of_rules("from kbwf import plan") == ["kbwf.plan"]


def paths_of_results(source: str) -> list[str]:
    """Texts that name a path of the results, documentation apart."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documentation]
    return [str(node.value) for node in constants if str(node.value).startswith("results/")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_of_results_exist_in_rule_files_only(path: Path) -> None:
    """They arrive as arguments."""
    assert paths_of_results(path.read_text(encoding="utf-8")) == []
    assert paths_of_results("'''results/best'''\nfolder = 'results/best'") == ["results/best"]


def names_compared(source: str) -> set[str]:
    """Policies and backends that a comparison tells apart by their names."""
    comparisons = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare)]
    constants = [node for each in comparisons for node in ast.walk(each) if isinstance(node, ast.Constant)]
    return {str(node.value) for node in constants} & POLICY_NAMES


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_policy_is_told_apart_by_its_name(path: Path) -> None:
    """What a policy can do stands in the table of backends; its name is data."""
    assert names_compared(path.read_text(encoding="utf-8")) == set()
    assert names_compared("if policy == 'base': pass") == {"base"}


CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize("start", ["torch stays", "What draws samples"])
@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_every_backend_is_bound_by_the_contracts(backend: Backend, start: str) -> None:
    """None knows how policies are trained, and torch is for the one whose weights are here."""
    contract = next(each for each in CONTRACTS if each["name"].startswith(start))
    assert "kbwf.policies.*" in contract["source_modules"]
    exceptions = {line.split(" -> ")[0] for line in contract["ignore_imports"]}
    assert backend.module not in exceptions or (backend.name, start) == ("local", "torch stays")


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_no_sample_depends_on_how_policies_are_trained(backend: Backend) -> None:
    """By way of a trainer neither, which the contract lets through; nor on the table's other rows."""
    used = set(modules_of(backend.module)) | set(modules_of("kbwf.stages.sample_chunk"))
    trainers = {each.trainer for each in BACKENDS.values() if each.trainer}
    assert used & (trainers | {"kbwf.policies.table"}) == set()
    assert not any(name.startswith("kbwf.training") for name in used)


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def rooms_in_order() -> list[str]:
    """Modules and folders of the package, as the tree in docs/architecture.md lists them."""
    tree = ARCHITECTURE.split("    kbwf/\n")[1].split("    attacks/")[0]
    return re.findall(r"^ {6}(\w+)(?:\.py|/) ", tree, re.MULTILINE)


def test_the_architecture_lists_every_room_in_the_order_of_the_floors() -> None:
    """The floors are those of the import contracts; a room that shares another's line is named there."""
    floors = [layer.split(" | ") for layer in CONTRACTS[0]["layers"]]
    floor_of = {room: number for number, rooms in enumerate(floors) for room in rooms}
    numbers = [floor_of[room] for room in rooms_in_order()]
    assert numbers == sorted(numbers)
    assert [room for room in floor_of if room != "__main__" and not re.search(rf"\b{room}(\.py|/)", ARCHITECTURE)] == []


def test_the_way_of_a_kernel_passes_no_module_twice() -> None:
    """On the way in, each module has one row of the table, or none."""
    rows = re.findall(r"^\| \d+ \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    modules = [module for row in rows for module in re.findall(r"\w+\.(?:py|smk)", row)]
    assert len(rows) == 16
    assert sorted(set(modules)) == sorted(modules)
