"""The workflow as a module of another: `module kbwf: snakefile: …`."""

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
