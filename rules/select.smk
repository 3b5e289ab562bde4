rule select_samples:
    input:
        lambda wildcards: scored([wildcards.policy], TASKS, [wildcards.seed]),
    output:
        "results/selections/{policy}/{strategy}/seed{seed}.jsonl",
    log:
        "results/logs/select_samples/{policy}/{strategy}/seed{seed}.log",
    localrule: True
    params:
        strategy="{strategy}",
        choice=cfg.selection.choice_param(),
        code=stage_digest("select_samples"),
    shell:
        "kbwf select {input:q} --strategy {params.strategy} --selection {params.choice:q}"
        " --output {output:q} > {log:q} 2>&1"


# Measured again: what every strategy chose, in processes that had no part in the choice.
rule confirm_kernel:
    input:
        task="results/calibrations/{task}.json",
        scored=lambda wildcards: scored(
            [wildcards.policy], [wildcards.task], [wildcards.seed]
        ),
        selections=expand(
            "results/selections/{{policy}}/{strategy}/seed{{seed}}.jsonl",
            strategy=cfg.selection.strategies,
        ),
    output:
        "results/confirmations/{policy}/{task}/seed{seed}.json",
    log:
        "results/logs/confirm_kernel/{policy}/{task}/seed{seed}.log",
    retries: 2
    resources:
        gpu=1,
    params:
        settings=lambda wildcards: cfg.evaluation.to_param(),
        choice=cfg.selection.confirmation_param(),
        judge=stage_digest("evaluate_kernel"),
        code=stage_digest("confirm_kernel"),
    shell:
        "kbwf confirm {input.task:q} --scored {input.scored:q} --selections {input.selections:q} --settings {params.settings:q}"
        " --selection {params.choice:q} --code {params.judge} --output {output:q} > {log:q} 2>&1"


def confirmations(policies):
    """Of what strategies chose of these policies; of the control, whose kernels are one, there is nothing to choose."""
    chosen = [policy for policy in policies if policy != CONTROL]
    if not cfg.selection.num_confirmations:
        return []
    return expand(rules.confirm_kernel.output, policy=chosen, task=TASKS, seed=SEEDS)


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
        confirmations=confirmations([BASE]),
    output:
        report(
            directory("results/best"),
            patterns=["{name}.py", "{name}.md"],
            caption="../workflow/report/best.rst",
            category="Best kernels",
        ),
    log:
        "results/logs/write_best.log",
    localrule: True
    params:
        code=stage_digest("write_best"),
    shell:
        "kbwf best --selections {input.selections:q} --scored {input.scored:q} --tasks {input.tasks:q}"
        " --confirmations {input.confirmations:q} --output {output:q} > {log:q} 2>&1"
