TABLES = [
    "selection",
    "surprisal",
    "scaling",
    "correlation",
    "quartiles",
    "spread",
    "status",
    "tasks",
    "speedups",
    "noise_floor",
    "methods",
    "runs",
    "trajectories",
    "regimes",
    "transfer",
    "probe",
    "compute",
    "seconds",
]
FIGURES = [
    "comparison",
    "selection",
    "scaling",
    "surprisal",
    "status",
    "speedups",
    "trajectories",
    "regimes",
    "probe",
    "seconds",
]


def shown(name, kind):
    """An output that `snakemake --report` shows with its caption."""
    labels = {"what": name.replace("_", " "), "as": kind}
    return report(
        f"results/report/{name}.{kind}",
        caption=f"../workflow/report/{name}.rst",
        category="Figures" if kind == "svg" else "Tables",
        labels=labels,
    )


def run_samples(wildcards):
    """What runs drew: their rollouts, and the fresh samples of the policies that they are reported by."""
    paths = []
    for run in RUNS:
        of_run = type(wildcards)(fromdict={"run": run})
        paths += [*spent_rollouts_of(of_run), *fresh_of(of_run), *transfer_of(of_run)]
    return sorted(set(paths))


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
        confirmations=confirmations(COMPARED),
        run_scored=run_samples,
        trajectories=expand(
            "results/runs/{run}/trajectory.json",
            run=[run for run in RUNS if not RUNS[run].is_outer_loop],
        ),
        summaries=expand(rules.summarize_run.output, run=RUNS),
        updates=expand(rules.adapt_policy.output.record, policy=ADAPTED),
        probes=expand(rules.probe_policy.output, policy=PROBED),
    output:
        [shown(name, "csv") for name in TABLES],
        [f"results/report/{name}.md" for name in TABLES],
        [shown(name, "svg") for name in FIGURES],
        [f"results/report/{name}.png" for name in FIGURES],
        "results/report/summary.md",
        "results/report/index.html",
    log:
        "results/logs/make_report.log",
    localrule: True
    params:
        report=lambda wildcards: cfg.report.to_param(),
        selection=lambda wildcards: cfg.selection.to_param(),
        folder="results/report",
        assets=[text_digest(path) for path in report_assets()],
        code=stage_digest("make_report"),
    shell:
        "kbwf report --tasks {input.tasks:q} --scored {input.scored:q}"
        " --selections {input.selections:q} --confirmations {input.confirmations:q} --run-scored {input.run_scored:q} --trajectories {input.trajectories:q}"
        " --summaries {input.summaries:q} --updates {input.updates:q} --probes {input.probes:q}"
        " --report {params.report:q} --selection {params.selection:q} --output {params.folder:q} > {log:q} 2>&1"
