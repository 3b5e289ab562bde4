rule select_samples:
    input:
        lambda wildcards: scored([wildcards.policy], TASKS, [wildcards.seed]),
    output:
        "results/selections/{policy}/{strategy}/seed{seed}.jsonl",
    log:
        "results/logs/select_samples/{policy}/{strategy}/seed{seed}.log",
    params:
        strategy="{strategy}",
        choice=cfg.selection.choice_param(),
        code=stage_digest("select_samples"),
    shell:
        "kbwf select {input:q} --strategy {params.strategy} --selection {params.choice:q}"
        " --output {output:q} > {log:q} 2>&1"


rule write_best:
    input:
        selections=expand(
            rules.select_samples.output,
            policy=BASE,
            strategy=cfg.selection.best,
            seed=SEEDS,
        ),
        scored=scored([BASE], TASKS, SEEDS),
        tasks=expand(rules.freeze_task.output, task=TASKS),
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
        code=stage_digest("write_best"),
    shell:
        "kbwf best --selections {input.selections:q} --scored {input.scored:q} --tasks {input.tasks:q}"
        " --output {output:q} > {log:q} 2>&1"
