# The study that config.yaml describes, from tasks to a report. Every path says what a thing is; see results/README.md.
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(str(workflow.current_basedir)) / "config.yaml")


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/locking.smk"
include: "rules/cluster.smk"
include: "rules/split.smk"
include: "rules/sample.smk"
include: "rules/evaluate.smk"
include: "rules/select.smk"
include: "rules/runs.smk"
include: "rules/train.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        rules.make_split.output,
        rules.write_best.output,
        rules.make_report.output,
        expand(rules.summarize_run.output, run=RUNS),
        expand(rules.probe_policy.output, policy=PROBED),


# The A/A control alone: what this machine's judge says of unchanged references. Needs no model.
rule identity_control:
    input:
        control_of,
