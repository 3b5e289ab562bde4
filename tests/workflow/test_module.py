"""The workflow as a module of another: `module kbwf: snakefile: …`."""

from pathlib import Path

import pytest

from kbwf.run_guard import alone_in
from tests.workflow.conftest import Project

OUTER = """
import yaml

with open("tiny.yaml") as file:
    study = yaml.safe_load(file) | {"runs": []}


module kbwf:
    snakefile: "Snakefile"
    config: study


use rule * from kbwf as kbwf_*


rule own:
    default_target: True
    input:
        rules.kbwf_make_report.output,
    output:
        "own.txt",
    shell:
        "touch {output}"
"""


def test_another_workflow_plans_with_its_rules(project: Project) -> None:
    """Under a prefix, with a configuration of the other workflow's own, down to its own tasks."""
    project.study("outer.smk", OUTER)
    planned = project.planned("--snakefile", "outer.smk", studies=())
    assert planned["own"] == planned["kbwf_make_report"] == 1
    assert planned["kbwf_evaluate_kernel"] == 16
    assert all(rule == "own" or rule.startswith("kbwf_") for rule in planned)


def test_as_a_module_it_is_guarded_as_it_is_alone(project: Project) -> None:
    """A run beside another is refused, and writes nothing, not even its state; after that one it does its job."""
    project.study("outer.smk", OUTER)
    arguments = ("results/splits/l0_seed42.json", "--snakefile", "outer.smk")
    with alone_in(project.folder / "results"):
        code, output = project.run(*arguments, studies=())
    assert code != 0 and "another Snakemake is at work on" in output
    assert "Traceback" not in output
    assert [path.name for path in (project.folder / "results").iterdir()] == [".lock"]
    code, output = project.run(*arguments, studies=())
    assert code == 0, output
    assert "localrules" not in output
    assert (project.folder / arguments[0]).exists()


@pytest.mark.studies
def test_outputs_are_not_deleted_under_a_run(project: Project) -> None:
    """Snakemake's own lock would only warn; what there is to delete can be looked at."""
    target = "results/splits/l0_seed42.json"
    assert project.run(target)[0] == 0
    with alone_in(project.folder / "results"):
        code, output = project.run(target, "--delete-all-output")
        assert code != 0 and "another Snakemake is at work on" in output and "Traceback" not in output
        assert project.run(target, "--delete-all-output", "--dry-run")[0] == 0
    assert (project.folder / target).exists()
    assert project.run(target, "--delete-all-output")[0] == 0
    assert not (project.folder / target).exists()


def test_a_store_that_cannot_be_one_is_named_before_the_first_job(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home is known; a file is no folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "taken").write_text("")
    project.study("store.yaml", "store: {path: ~/taken}")
    code, output = project.run("results/splits/l0_seed42.json", studies=("tiny.yaml", "store.yaml"))
    assert code != 0
    assert f"{tmp_path}/taken cannot be a folder of measurements (File exists); name another folder, or null" in output
    assert "~" not in output and "Traceback" not in output
    assert not (project.folder / "results/splits").exists()
