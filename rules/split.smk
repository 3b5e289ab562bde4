# Tasks are frozen one by one: a new task, or an edited one, touches no other.
TASK_SOURCE = cfg.tasks.source_param()


rule make_split:
    output:
        f"results/splits/l{cfg.tasks.level}_seed{cfg.tasks.split_seed}.json",
    log:
        f"results/logs/make_split/l{cfg.tasks.level}_seed{cfg.tasks.split_seed}.log",
    cache: True
    localrule: True
    params:
        tasks=lambda wildcards: cfg.tasks.split_param(),
        ids=locations.problem_ids(cfg.tasks),
        code=stage_digest("make_split"),
    shell:
        "kbwf split {params.tasks:q} --output {output:q} > {log:q} 2>&1"


rule freeze_task:
    output:
        "results/tasks/{task}.json",
    log:
        "results/logs/freeze_task/{task}.log",
    cache: True
    localrule: True
    params:
        tasks=lambda wildcards: TASK_SOURCE,
        task="{task}",
        content=problem_source,
        code=stage_digest("freeze_task"),
    shell:
        "kbwf task {params.tasks:q} {params.task} --output {output:q} > {log:q} 2>&1"
