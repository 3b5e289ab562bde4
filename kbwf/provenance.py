"""What a result depends on besides its inputs: the code that makes it. Standard library only.

Snakemake does not see edits to this package. Each rule therefore carries `stage_digest("…")`: a digest of the stage's
module and of all kbwf modules that it imports, directly or not. It is taken over the syntax tree without docstrings, so
that an edited comment, docstring or layout reruns nothing.
"""

import ast
import functools
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent

# Their effect on a result arrives through params: settings as values, ids as wildcards. A new key reruns the jobs that
# are handed its block, and nothing else; defaults are written out, so that a changed one reruns them too. Of the table
# of backends a sample depends on the module that its row names, whose digest is a param: a new row draws nothing anew.
_LEFT_OUT = (
    "kbwf", "kbwf.settings", "kbwf.policy_settings", "kbwf.evaluation_settings", "kbwf.run_settings",
    "kbwf.settings_block", "kbwf.masking", "kbwf.errors", "kbwf.policies.table",
)  # fmt: skip


def stage_digest(stage: str) -> str:
    """Twelve hex digits for `kbwf/stages/{stage}.py` and all that it imports of this package.

    Raises:
        FileNotFoundError: there is no such stage.
    """
    return code_digest(f"kbwf.stages.{stage}")


@functools.cache
def code_digest(module: str) -> str:
    """The same for any module, as in `kbwf.judge.judge`."""
    parts = [f"{name}:{_module_digest(name)}" for name in modules_of(module)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def modules_of(start: str) -> list[str]:
    """The module and all that it imports of this package, directly or not, as far as a result depends on them."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(name))
    return sorted(found)


def text_digest(path: Path) -> str:
    """Twelve hex digits of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def report_assets() -> list[Path]:
    """What the report is made of besides code: the paper's figures, templates, scripts."""
    suffixes = {".yaml", ".html", ".js", ".css"}
    return sorted(path for path in (PACKAGE / "report").rglob("*") if path.suffix in suffixes)


def _imports(name: str) -> tuple[str, ...]:
    return _facts(name)[0]


def _module_digest(name: str) -> str:
    return _facts(name)[1]


@functools.cache
def _facts(name: str) -> tuple[tuple[str, ...], str]:
    """A module's imports and its digest. Its syntax tree, a hundred times as large, is not kept."""
    tree = _tree(name)
    imports = _imports_in(tree)
    return imports, hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()


def _imports_in(tree: ast.Module) -> tuple[str, ...]:
    """Modules of this package that a module imports, at its top or inside functions.

    A name that a package only re-exports counts as an import of the module that defines it: a new kind of record does
    not touch the stages that use another.
    """
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "kbwf":
            origins = _re_exports(node.module)
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                imported.append(below if _path(below) else origins.get(alias.name, node.module))
        elif isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names if alias.name.split(".")[0] == "kbwf"]
    return tuple(module for module in imported if _path(module) is not None and module not in _LEFT_OUT)


@functools.cache
def _re_exports(package: str) -> dict[str, str]:
    path = _path(package)
    if path is None or path.name != "__init__.py":
        return {}
    return {
        alias.name: node.module
        for node in _tree(package).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _tree(name: str) -> ast.Module:
    path = _path(name)
    if path is None:
        raise FileNotFoundError(f"there is no module {name}")
    return ast.parse(path.read_text(encoding="utf-8"))


def _path(name: str) -> Path | None:
    base = PACKAGE.joinpath(*name.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # String statements document fields and functions; none of them computes anything.
            kept = [part for part in node.body if not (isinstance(part, ast.Expr) and _is_text(part.value))]
            node.body = kept or [ast.Pass()]
    return tree


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
