# On a cluster `gpu` is counted per submitted job, and what takes less than a submission runs where Snakemake runs.
resource_scopes:
    gpu="local",


localrules:
    all,
    identity_control,
    make_split,
    freeze_task,
    describe_policy,
    score_samples,
    select_samples,
    select_checkpoint,
    summarize_run,
    write_best,
    make_report,
