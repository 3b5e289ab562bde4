rule select_samples:
    input:
        expand("results/scored/{{policy}}/{task}/seed{{seed}}.jsonl", task=TASKS),
    output:
        "results/selections/{policy}/{strategy}/seed{seed}.jsonl",
    log:
        "results/logs/select_samples/{policy}/{strategy}/seed{seed}.log",
    params:
        strategy="{strategy}",
        surprisal=cfg.selection.surprisal,
        top_m=cfg.selection.top_m,
        code=stage_digest("select"),
    shell:
        "kbwf select {input:q} --strategy {params.strategy} --surprisal {params.surprisal} --top-m {params.top_m}"
        " --output {output:q} 2> {log:q}"


rule write_best:
    input:
        selections=expand(
            "results/selections/base/{strategy}/seed{seed}.jsonl",
            strategy=cfg.selection.best,
            seed=SEEDS,
        ),
        scored=expand(
            "results/scored/base/{task}/seed{seed}.jsonl", task=TASKS, seed=SEEDS
        ),
        tasks=expand("results/tasks/{task}.json", task=TASKS),
    output:
        report(
            directory("results/best"),
            patterns=["{name}.py", "{name}.md"],
            caption="../workflow/report/best.rst",
            category="Best kernels",
        ),
    log:
        "results/logs/write_best.log",
    params:
        code=stage_digest("select"),
    shell:
        "kbwf best --selections {input.selections:q} --scored {input.scored:q} --tasks {input.tasks:q}"
        " --output {output:q} 2> {log:q}"
