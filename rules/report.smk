TABLES = ["selection", "scaling", "status", "tasks", "noise_floor"]
FIGURES = ["scaling", "status"]


def shown(name, kind):
    """An output that `snakemake --report` shows with its caption."""
    labels = {"what": name.replace("_", " "), "as": kind}
    return report(
        f"results/report/{name}.{kind}",
        caption=f"../workflow/report/{name}.rst",
        category="Figures" if kind == "svg" else "Tables",
        labels=labels,
    )


rule make_report:
    input:
        tasks=expand(rules.freeze_task.output, task=TASKS),
        scored=scored(COMPARED, TASKS, SEEDS),
        selections=expand(
            rules.select_samples.output,
            policy=COMPARED,
            strategy=cfg.selection.strategies,
            seed=SEEDS,
        ),
    output:
        [shown(name, "csv") for name in TABLES],
        [f"results/report/{name}.md" for name in TABLES],
        [shown(name, "svg") for name in FIGURES],
        "results/report/summary.md",
    log:
        "results/logs/make_report.log",
    params:
        report=lambda wildcards: cfg.report.to_param(),
        selection=lambda wildcards: cfg.selection.to_param(),
        folder="results/report",
        code=stage_digest("make_report"),
    shell:
        "kbwf report --tasks {input.tasks:q} --scored {input.scored:q}"
        " --selections {input.selections:q} --report {params.report:q} --selection {params.selection:q}"
        " --output {params.folder:q} > {log:q} 2>&1"
