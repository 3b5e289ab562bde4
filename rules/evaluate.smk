# Before anything is sampled. The refusal alone is what sampling looks at, so that a machine's numbers are in no cache key.
# An edit of the judge does not draw samples again: they only wait for this (`ancient`).
rule calibrate_task:
    input:
        "results/tasks/{task}.json",
    output:
        record="results/calibrations/{task}.json",
        refusal="results/calibrations/{task}.refusal.txt",
    log:
        "results/logs/calibrate_task/{task}.log",
    priority: 20
    resources:
        gpu=1,
    params:
        settings=lambda wildcards: cfg.evaluation.to_param(),
        skip="--skip-too-large" if cfg.tasks.skip_too_large else "",
        judge=stage_digest("evaluate_kernel"),
        code=stage_digest("calibrate_task"),
    shell:
        "kbwf calibrate {input:q} --settings {params.settings:q} {params.skip} --code {params.judge}"
        " --refusal {output.refusal:q} --output {output.record:q} > {log:q} 2>&1"


# Most of a study's jobs are these. What Snakemake does once a job (functions called, fields formatted) is kept short.
# One job per sample. A kernel that fails is a result (exit 0); only a fault of the machine is an error, and is retried.
rule evaluate_kernel:
    input:
        task="results/calibrations/{task}.json",
        samples=chunk_of,
    output:
        "results/evals/{policy}/{task}/seed{seed}/{idx}.json",
    log:
        "results/logs/evaluate_kernel/{policy}/{task}/seed{seed}/{idx}.log",
    retries: 2
    resources:
        gpu=1,
    params:  # in the order of --job, as one field: Snakemake pays for every field of every command
        idx="{idx}",
        settings=cfg.evaluation.to_constant(),
        prompt=cfg.prompt.to_constant(),
        code=stage_digest("evaluate_kernel"),
    shell:
        "kbwf evaluate {input:q} --job {params:q} --output {output:q} > {log:q} 2>&1"


# So many of the first samples: more of them make another file, and leave what was learned from these as it is.
rule score_samples:
    input:
        samples=chunks_of,
        evaluations=evaluations_of,
    output:
        "results/scored/{policy}/{task}/seed{seed}/first{num}.jsonl",
    log:
        "results/logs/score_samples/{policy}/{task}/seed{seed}/first{num}.log",
    localrule: True
    params:
        code=stage_digest("score_samples"),
    shell:
        "kbwf score --samples {input.samples:q} --evaluations {input.evaluations:q} --output {output:q} > {log:q} 2>&1"
