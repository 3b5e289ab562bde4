# What all rules share: the validated configuration, the wildcards' ranges, and input functions.
import fcntl
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from kbwf import plan
from kbwf.config import load_config
from kbwf.provenance import stage_digest, text_digest
from kbwf.warm.lifetime import owner_of

try:
    cfg = load_config(config, "config.yaml")
    TASKS = plan.task_ids(cfg.tasks)
except ValueError as error:
    raise WorkflowError(str(error)) from None

POLICIES = ["base"] + (["identity"] if cfg.identity.num_samples else [])
SEEDS = list(cfg.sampling.seeds)

# Jobs find this environment's `kbwf` without activation; warm processes leave when this Snakemake is gone.
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
os.environ["KBWF_OWNER"] = owner_of(os.getpid())


wildcard_constraints:
    policy="|".join(POLICIES),
    task=r"l\d+_p\d+",
    seed=r"\d+",
    chunk=r"\d+",
    idx=r"\d+",
    strategy="|".join(cfg.selection.strategies),


def lock_working_directory():
    """One run at a time in a folder, for as long as this process lives."""
    handle = os.open(
        ".snakemake/kbwf.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    )  # stays open until the end
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError(
            f"another Snakemake is at work in {os.getcwd()}; wait for it, or use --directory"
        ) from None


onstart:
    lock_working_directory()  # Snakemake's own lock outlives a killed run, and would refuse the same command


def problem_source(wildcards):
    """What identifies a task's source: a file's content, or the data set's revision."""
    problem_id = int(wildcards.task.partition("_p")[2])
    path = plan.problem_path(cfg.tasks, problem_id)
    return text_digest(path) if path else str(cfg.tasks.revision)


def demo_folder(wildcards):
    is_demo = wildcards.policy == "base" and cfg.base.model == "demo"
    return "results/demo_policy" if is_demo else []


def draw_settings(wildcards):
    """How samples are drawn, without their number: more of them must leave those there are alone."""
    sampling = cfg.sampling_of(wildcards.policy)
    return json.dumps(
        {
            key: getattr(sampling, key)
            for key in ("chunk_size", "temperature", "max_tokens")
        }
    )


def base_settings(wildcards):
    return cfg.base.to_param() if wildcards.policy == "base" else "{}"


def chunk_of(wildcards):
    chunk = plan.chunk_of(
        int(wildcards.idx), cfg.sampling_of(wildcards.policy).chunk_size
    )
    return f"results/samples/{wildcards.policy}/{wildcards.task}/seed{wildcards.seed}/chunk{chunk}.jsonl"


def chunks_of(wildcards):
    pattern = "results/samples/{w.policy}/{w.task}/seed{w.seed}/chunk{chunk}.jsonl"
    return [
        pattern.format(w=wildcards, chunk=chunk)
        for chunk in plan.chunks(cfg.sampling_of(wildcards.policy))
    ]


def evaluations_of(wildcards):
    pattern = "results/evals/{w.policy}/{w.task}/seed{w.seed}/{idx}.json"
    return [
        pattern.format(w=wildcards, idx=idx)
        for idx in plan.sample_indices(cfg.sampling_of(wildcards.policy))
    ]
