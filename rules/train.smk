# Training only makes new policies: the rules of sampling and evaluation run them like any other. Step n is learned from
# the rollouts of step n - 1, which are the first samples that step draws under the run's seed; step 0 is the base policy.
rule adapt_policy:
    input:
        parent=parent_of,
        tasks=lambda wildcards: expand(
            rules.freeze_task.output,
            task=step_of(wildcards)[0].tasks_of_update(step_of(wildcards)[1]),
        ),
        scored=rollouts_of,
    output:
        checkpoint="results/policies/{policy}/checkpoint.json",
        record="results/policies/{policy}/update.json",
        adapter=directory("results/policies/{policy}/adapter"),
        state=directory("results/policies/{policy}/state"),
    log:
        "results/logs/adapt_policy/{policy}.log",
    wildcard_constraints:
        policy=one_of(ADAPTED),
    priority: 5
    resources:
        gpu=lambda wildcards: POLICIES[wildcards.policy].backend.num_gpus,
        access=access_of,
    params:
        policy="{policy}",
        run_id=lambda wildcards: step_of(wildcards)[0].run_id,
        seed=lambda wildcards: step_of(wildcards)[0].seed,
        step=lambda wildcards: step_of(wildcards)[1],
        run=lambda wildcards: step_of(wildcards)[0].settings.update_param(),
        settings=lambda wildcards: POLICIES[wildcards.policy].settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        code=stage_digest("adapt_policy"),
        trainer_code=lambda wildcards: code_digest(
            POLICIES[wildcards.policy].backend.trainer
        ),
    shell:
        "kbwf adapt {params.policy} --run-id {params.run_id} --seed {params.seed} --step {params.step}"
        " --run-settings {params.run:q} --settings {params.settings:q} --access {resources.access:q} --prompt {params.prompt:q} --parent {input.parent:q}"
        " --tasks {input.tasks:q} --scored {input.scored:q} --output {output.checkpoint:q} > {log:q} 2>&1"


rule probe_policy:
    input:
        policy="results/policies/{policy}/checkpoint.json",
        tasks=lambda wildcards: expand(
            rules.freeze_task.output, task=step_of(wildcards)[0].task_ids
        ),
        scored=probed_of,
    output:
        "results/probes/{policy}.jsonl",
    log:
        "results/logs/probe_policy/{policy}.log",
    wildcard_constraints:
        policy=one_of(ADAPTED),
    resources:
        gpu=lambda wildcards: POLICIES[wildcards.policy].backend.num_gpus,
        access=access_of,
    params:
        settings=lambda wildcards: POLICIES[wildcards.policy].settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        code=stage_digest("probe_policy"),
        policy_code=policy_code,
    shell:
        "kbwf probe {input.policy:q} --settings {params.settings:q} --access {resources.access:q}"
        " --prompt {params.prompt:q} --tasks {input.tasks:q} --scored {input.scored:q} --output {output:q} > {log:q} 2>&1"


# A checkpoint, because which step's fresh samples are needed is only known when the steps have been compared.
checkpoint select_checkpoint:
    input:
        compared_rollouts_of,
    output:
        "results/runs/{run}/trajectory.json",
    log:
        "results/logs/select_checkpoint/{run}.log",
    wildcard_constraints:
        run=one_of(RUNS),
    localrule: True
    params:
        run="{run}",
        policies=lambda wildcards: [
            RUNS[wildcards.run].policy_at(step)
            for step in (0, *RUNS[wildcards.run].steps)
        ],
        guardrail=lambda wildcards: RUNS[wildcards.run].settings.guardrail.to_param(),
        patience=lambda wildcards: RUNS[wildcards.run].settings.patience,
        code=stage_digest("select_checkpoint"),
    shell:
        "kbwf checkpoint {params.run} --policies {params.policies} --scored {input:q}"
        " --guardrail {params.guardrail:q} --patience {params.patience} --output {output:q} > {log:q} 2>&1"


rule summarize_run:
    input:
        updates=lambda wildcards: expand(
            rules.adapt_policy.output.record,
            policy=[
                RUNS[wildcards.run].policy_at(step)
                for step in RUNS[wildcards.run].steps
            ],
        ),
        rollouts=spent_rollouts_of,
        trajectory=trajectory_of,
        fresh=fresh_of,
        transfer=transfer_of,
    output:
        "results/runs/{run}/summary.json",
    log:
        "results/logs/summarize_run/{run}.log",
    wildcard_constraints:
        run=one_of(RUNS),
    localrule: True
    params:
        run="{run}",
        name=lambda wildcards: RUNS[wildcards.run].settings.name,
        code=stage_digest("summarize_run"),
    shell:
        "kbwf summary {params.run} {params.name} --updates {input.updates:q} --rollouts {input.rollouts:q}"
        " --trajectory {input.trajectory:q} --fresh {input.fresh:q} --transfer {input.transfer:q}"
        " --output {output:q} > {log:q} 2>&1"
