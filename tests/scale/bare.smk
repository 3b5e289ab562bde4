# The yardstick of `make test-scale`: the study's jobs, files and wildcards in a Snakefile that does nothing else.
# Tasks, seeds, strategies, and each policy's number of samples and chunk size, arrive as configuration.
TASKS, SEEDS, STRATEGIES = config["tasks"], config["seeds"], config["strategies"]
POLICIES = config["policies"]


def scored(policies, seed):
    """Paths of the joined samples of these policies."""
    return [
        f"results/scored/{policy}/{task}/seed{each}/first{POLICIES[policy][0]}.jsonl"
        for policy in policies
        for task in TASKS
        for each in seed
    ]


rule all:
    input:
        "results/splits/l0_seed42.json",
        "results/best",
        "results/report/summary.md",


rule identity_control:
    input:
        scored(["identity"], SEEDS),


rule make_split:
    output:
        "results/splits/l0_seed42.json",
    shell:
        "touch {output}"


rule freeze_task:
    output:
        "results/tasks/{task}.json",
    shell:
        "touch {output}"


rule calibrate_task:
    input:
        "results/tasks/{task}.json",
    output:
        "results/calibrations/{task}.json",
        "results/calibrations/{task}.refusal.txt",
    resources:
        gpu=1,
    shell:
        "touch {output}"


rule train_demo_policy:
    output:
        directory("results/demo_policy"),
    shell:
        "mkdir -p {output}"


rule describe_policy:
    input:
        lambda w: "results/demo_policy" if w.policy == "base" else [],
    output:
        "results/policies/{policy}/checkpoint.json",
    shell:
        "touch {output}"


rule sample_chunk:
    input:
        "results/policies/{policy}/checkpoint.json",
        "results/tasks/{task}.json",
        ancient("results/calibrations/{task}.refusal.txt"),
    output:
        "results/samples/{policy}/{task}/seed{seed}/chunk{chunk}.jsonl",
    shell:
        "touch {output}"


rule evaluate_kernel:
    input:
        "results/calibrations/{task}.json",
        lambda w: f"results/samples/{w.policy}/{w.task}/seed{w.seed}/chunk{int(w.idx) // POLICIES[w.policy][1]}.jsonl",
    output:
        "results/evals/{policy}/{task}/seed{seed}/{idx}.json",
    resources:
        gpu=1,
    shell:
        "touch {output}"


rule score_samples:
    input:
        lambda w: [
            f"results/samples/{w.policy}/{w.task}/seed{w.seed}/chunk{chunk}.jsonl"
            for chunk in range(int(w.num) // POLICIES[w.policy][1])
        ],
        lambda w: [
            f"results/evals/{w.policy}/{w.task}/seed{w.seed}/{idx}.json"
            for idx in range(int(w.num))
        ],
    output:
        "results/scored/{policy}/{task}/seed{seed}/first{num}.jsonl",
    shell:
        "touch {output}"


rule select_samples:
    input:
        lambda w: scored([w.policy], [w.seed]),
    output:
        "results/selections/{policy}/{strategy}/seed{seed}.jsonl",
    shell:
        "touch {output}"


rule confirm_kernel:
    input:
        "results/calibrations/{task}.json",
        lambda w: f"results/scored/{w.policy}/{w.task}/seed{w.seed}/first{POLICIES[w.policy][0]}.jsonl",
        expand(
            "results/selections/{{policy}}/{strategy}/seed{{seed}}.jsonl",
            strategy=STRATEGIES,
        ),
    output:
        "results/confirmations/{policy}/{task}/seed{seed}.json",
    resources:
        gpu=1,
    shell:
        "touch {output}"


CONFIRMED = expand(
    "results/confirmations/base/{task}/seed{seed}.json", task=TASKS, seed=SEEDS
)


rule write_best:
    input:
        CONFIRMED,
        expand("results/selections/base/oracle/seed{seed}.jsonl", seed=SEEDS),
        scored(["base"], SEEDS),
        expand("results/tasks/{task}.json", task=TASKS),
    output:
        directory("results/best"),
    shell:
        "mkdir -p {output}"


rule make_report:
    input:
        CONFIRMED,
        expand("results/tasks/{task}.json", task=TASKS),
        scored(POLICIES, SEEDS),
        expand(
            "results/selections/{policy}/{strategy}/seed{seed}.jsonl",
            policy=POLICIES,
            strategy=STRATEGIES,
            seed=SEEDS,
        ),
    output:
        "results/report/summary.md",
    shell:
        "touch {output}"
