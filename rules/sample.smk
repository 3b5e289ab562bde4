# Samples depend on policy, task, seed and chunk, never on how many are drawn in all.
# gpu=1 rather than threads: on the CPU it must not run beside a timed kernel, and it should not wait for all cores.
rule train_demo_policy:
    output:
        directory("results/demo_policy"),
    log:
        "results/logs/train_demo_policy.log",
    cache: True
    priority: 10
    resources:
        gpu=1,
    params:
        demo=lambda wildcards: cfg.demo.to_param(),
        suite=[text_digest(path) for path in locations.suite_files()],
        code=stage_digest("train_demo_policy"),
    shell:
        "kbwf demo-policy {params.demo:q} --output {output:q} > {log:q} 2>&1"


# Loads configuration and tokenizer, so that a model that cannot do what is asked stops the run before any sampling.
rule describe_policy:
    input:
        demo=demo_of,
        recording=recording_of,
    output:
        "results/policies/{policy}/checkpoint.json",
    log:
        "results/logs/describe_policy/{policy}.log",
    wildcard_constraints:
        policy=one_of(set(POLICIES) - set(plan.adapted_policies(cfg))),
    localrule: True
    resources:
        access=access_of,
    params:
        policy="{policy}",
        backend=lambda wildcards: POLICIES[wildcards.policy].backend.name,
        settings=lambda wildcards: POLICIES[wildcards.policy].settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        code=stage_digest("describe_policy"),
        policy_code=policy_code,
    shell:
        "kbwf policy {params.policy} {params.backend} {params.settings:q} {params.prompt:q} {input.demo:q}"
        " --access {resources.access:q} --output {output:q} > {log:q} 2>&1"


rule sample_chunk:
    input:
        policy="results/policies/{policy}/checkpoint.json",
        task="results/tasks/{task}.json",
        refusal=ancient("results/calibrations/{task}.refusal.txt"),
    output:
        "results/samples/{policy}/{task}/seed{seed}/chunk{chunk}.jsonl",
    log:
        "results/logs/sample_chunk/{policy}/{task}/seed{seed}/chunk{chunk}.log",
    cache: True
    retries: 2
    resources:
        gpu=lambda wildcards: POLICIES[wildcards.policy].backend.num_gpus,
        access=access_of,
    params:
        policy="{policy}",
        task="{task}",
        seed="{seed}",
        chunk="{chunk}",
        draw=lambda wildcards: POLICIES[wildcards.policy].sampling.draw_param(),
        backend=lambda wildcards: POLICIES[wildcards.policy].backend.name,
        settings=lambda wildcards: POLICIES[wildcards.policy].settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        credentials=lambda wildcards: POLICIES[wildcards.policy].backend.credentials,
        code=stage_digest("sample_chunk"),
        policy_code=policy_code,
    shell:
        "kbwf sample {input.policy:q} {input.task:q} --refusal {input.refusal:q} --seed {params.seed} --chunk {params.chunk} --draw {params.draw:q}"
        " --backend {params.backend} --gpus {resources.gpu} --settings {params.settings:q} --access {resources.access:q}"
        " --prompt {params.prompt:q} --credentials {params.credentials:q}"
        " --code {params.code}-{params.policy_code} --output {output:q} > {log:q} 2>&1"
