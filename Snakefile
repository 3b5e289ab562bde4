# The study that config.yaml describes, from tasks to a report. Every path says what a thing is; see results/README.md.
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(workflow.basedir) / "config.yaml")


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/1_split.smk"
include: "rules/2_sample.smk"
include: "rules/3_evaluate.smk"
include: "rules/4_select.smk"
include: "rules/6_report.smk"


rule all:
    default_target: True
    input:
        rules.make_split.output,
        rules.write_best.output,
        rules.make_report.output,


# The A/A control alone: what this machine's judge says of unchanged references. Needs no model.
rule identity_control:
    input:
        expand(
            "results/scored/identity/{task}/seed{seed}.jsonl", task=TASKS, seed=SEEDS
        ),
