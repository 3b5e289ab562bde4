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
        code=stage_digest("base_policy"),
        suite=stage_digest("split"),
    shell:
        "kbwf demo-policy {params.demo:q} --output {output:q} 2> >(tee {log:q} >&2)"


# Loads configuration and tokenizer, so that a model that cannot do what is asked stops the run before any sampling.
rule describe_policy:
    input:
        demo=demo_folder,
    output:
        "results/policies/{policy}/checkpoint.json",
    log:
        "results/logs/describe_policy/{policy}.log",
    params:
        policy="{policy}",
        base=base_settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        code=stage_digest("base_policy"),
    shell:
        "kbwf policy {params.policy} {params.base:q} {params.prompt:q} {input.demo:q} --output {output:q} 2> {log:q}"


# gpu=1 also without a GPU: sampling must not run beside a timed kernel.
rule sample_chunk:
    input:
        policy="results/policies/{policy}/checkpoint.json",
        task="results/tasks/{task}.json",
    output:
        "results/samples/{policy}/{task}/seed{seed}/chunk{chunk}.jsonl",
    log:
        "results/logs/sample_chunk/{policy}/{task}/seed{seed}/chunk{chunk}.log",
    cache: True
    retries: 2
    resources:
        gpu=1,
    params:
        policy="{policy}",
        task="{task}",
        seed="{seed}",
        chunk="{chunk}",
        draw=draw_settings,
        base=base_settings,
        prompt=lambda wildcards: cfg.prompt.to_param(),
        code=stage_digest("sample"),
    shell:
        "kbwf sample {input.policy:q} {input.task:q} --seed {params.seed} --chunk {params.chunk} --draw {params.draw:q}"
        " --base {params.base:q} --prompt {params.prompt:q} --code {params.code} --output {output:q} 2> {log:q}"
