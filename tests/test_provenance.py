"""The digest of a stage's code: what changes it and what does not."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import grimp
import pytest

from kbwf import provenance
from kbwf.provenance import code_digest, modules_of, report_assets, stage_digest, text_digest

PACKAGE = provenance.PACKAGE

STAGES = sorted(path.stem for path in (PACKAGE / "stages").glob("*.py") if path.stem != "__init__")

Edit = Callable[[str, str, str], None]


def forget() -> None:
    """Digests are kept for the life of a process, in which code does not change; here it does."""
    for cached in (provenance.code_digest, provenance._facts, provenance._re_exports):
        cached.cache_clear()


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Replaces text in a module of a copy of the package, which digests are then taken of."""
    folder = tmp_path / "kbwf"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    forget()

    def replace(module: str, old: str, new: str) -> None:
        path = folder / module
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{module} holds no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        forget()

    yield replace
    forget()


def test_every_stage_has_a_digest_of_twelve_hex_digits_of_its_own() -> None:
    """No two alike, and the same each time."""
    digests = {stage: stage_digest(stage) for stage in STAGES}
    assert len(set(digests.values())) == len(STAGES) >= 7
    assert all(len(digest) == 12 and set(digest) <= set("0123456789abcdef") for digest in digests.values())
    forget()
    assert digests == {stage: stage_digest(stage) for stage in STAGES}


@pytest.fixture(scope="module")
def import_graph() -> grimp.ImportGraph:
    """Who imports whom, as another program reads it. The records' package only passes names on."""
    graph = grimp.build_graph("kbwf")
    for imported in list(graph.find_modules_directly_imported_by("kbwf.records")):
        graph.remove_import(importer="kbwf.records", imported=imported)
    return graph


@pytest.mark.parametrize("stage", STAGES)
def test_a_digest_holds_what_the_stage_imports_and_nothing_else(import_graph: grimp.ImportGraph, stage: str) -> None:
    """Compared with an import graph that was not made by us; what reaches a job as a value is left out."""
    module = f"kbwf.stages.{stage}"
    ours = set(modules_of(module))
    passed_on = {"kbwf.records", *provenance._LEFT_OUT}
    theirs = {module, *import_graph.find_upstream_modules(module)} - passed_on
    records = {name for name in ours if name.startswith("kbwf.records.")}
    assert ours - records == theirs - {name for name in theirs if name.startswith("kbwf.records.")}
    whole = grimp.build_graph("kbwf").find_upstream_modules(module)
    assert records <= whole and {name for name in theirs if name.startswith("kbwf.records.")} <= records


@pytest.mark.parametrize("stage", STAGES)
def test_an_edit_of_each_module_a_stage_uses_changes_its_digest_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """For every module of the package, whether it is in the stage's closure or not."""
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py")]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths if not path.name[0].isdigit()]
    before, used, digest_of = stage_digest(stage), modules_of(f"kbwf.stages.{stage}"), provenance._module_digest
    changed = set()
    for edited in modules:
        with monkeypatch.context() as patch:
            patch.setattr(
                provenance, "_module_digest", lambda name, edited=edited: digest_of(name) + str(name == edited)
            )
            code_digest.cache_clear()
            with_edit = stage_digest(stage)
            patch.setattr(provenance, "_module_digest", lambda name: digest_of(name) + "False")
            code_digest.cache_clear()
            changed |= {edited} if with_edit != stage_digest(stage) else set()
    code_digest.cache_clear()
    assert changed == set(used) and len(modules) > len(used)
    assert stage_digest(stage) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""', '"""Edited. '),
        ("\n\n\n", "\n\n\n# a remark\n"),
        ("\n\n\n", "\n\n\n\n\n"),
    ],
    ids=["docstring", "comment", "layout"],
)  # fmt: skip
@pytest.mark.parametrize("module", ["stages/select_samples.py", "strategies/best_of_n.py", "records/selection.py"])
def test_comments_docstrings_and_layout_do_not_count(edit: Edit, module: str, old: str, new: str) -> None:
    """Neither in the stage nor in what it imports."""
    before = stage_digest("select_samples")
    edit(module, old, new)
    assert stage_digest("select_samples") == before


@pytest.mark.parametrize(
    "module",
    ["stages/select_samples.py", "strategies/best_of_n.py", "records/selection.py", "records/base.py", "store.py"],
)
def test_an_edit_of_code_counts_also_in_what_is_imported_by_what_is_imported(edit: Edit, module: str) -> None:
    """The stage itself, a module it imports, a record reached through a re-export, and what that imports."""
    before = stage_digest("select_samples")
    edit(module, "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("select_samples") != before


def test_a_stage_that_does_not_import_an_edited_module_stays(edit: Edit) -> None:
    """An edit of the strategies reaches selection and not evaluation; one of the judge the other way round."""
    select, evaluate = stage_digest("select_samples"), stage_digest("evaluate_kernel")
    edit("strategies/best_of_n.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("evaluate_kernel") == evaluate and stage_digest("select_samples") != select
    select = stage_digest("select_samples")
    edit("sandbox/runner.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("evaluate_kernel") != evaluate and stage_digest("select_samples") == select


def test_a_re_export_counts_as_the_module_that_defines_the_name(edit: Edit) -> None:
    """A new kind of record leaves a stage alone that uses others, though both come from `kbwf.records`."""
    split = stage_digest("make_split")
    edit(
        "records/__init__.py",
        "from kbwf.records.task",
        "from kbwf.records.base import sha256_of\nfrom kbwf.records.task",
    )
    edit("records/selection.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("make_split") == split
    edit("records/task.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("make_split") != split


@pytest.mark.parametrize("module", ["settings.py", "errors.py", "__init__.py"])
def test_what_reaches_a_job_as_a_value_is_left_out(edit: Edit, module: str) -> None:
    """A new setting or error reruns nothing."""
    before = {stage: stage_digest(stage) for stage in STAGES}
    with (provenance.PACKAGE / module).open("a") as file:
        file.write("\nEDITED = 1\n")
    forget()
    assert before == {stage: stage_digest(stage) for stage in before}


def test_measurements_depend_on_the_judge_and_not_on_extraction(edit: Edit) -> None:
    """Better extraction finds other kernels; those it found before keep their measurements."""
    judge, evaluate = code_digest("kbwf.judge.judge"), stage_digest("evaluate_kernel")
    edit("tasks/extraction.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert code_digest("kbwf.judge.judge") == judge and stage_digest("evaluate_kernel") != evaluate
    edit("sandbox/guard.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert code_digest("kbwf.judge.judge") != judge


def test_imports_inside_functions_count(edit: Edit) -> None:
    """Where a module is imported late it is no less part of the result."""
    edit("stages/make_split.py", "\n\n\n", "\n\n\ndef late():\n    from kbwf.metrics import surprisal\n\n\n")
    before = stage_digest("make_split")
    edit("metrics/surprisal.py", "\n\n\n", "\n\n\nEDITED = 1\n\n\n")
    assert stage_digest("make_split") != before


def test_a_stage_that_does_not_exist_is_named() -> None:
    """The module's full name is in the message."""
    with pytest.raises(FileNotFoundError, match=r"kbwf\.stages\.nothing"):
        stage_digest("nothing")


def test_a_file_s_digest_is_that_of_its_bytes(tmp_path: Path) -> None:
    """The first twelve digits of the SHA-256 of `abc`, as the standard prints it."""
    (tmp_path / "file").write_bytes(b"abc")
    assert text_digest(tmp_path / "file") == "ba7816bf8f01"


def test_the_report_s_assets_are_what_its_code_does_not_show() -> None:
    """The paper's figures, templates and scripts; licences change no report."""
    names = {path.name for path in report_assets()}
    assert {"published.yaml", "page.html", "page.js", "page.css", "diff.min.js"} <= names
    assert "LICENSES.md" not in names
