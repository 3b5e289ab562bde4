# On a cluster `gpu` is counted per submitted job. What takes less than a submission runs where Snakemake runs (`localrule`).
resource_scopes:
    gpu="local",
