# What all rules share: the validated settings, the wildcards' ranges, and input functions.
import json
import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from kbwf import plan, plan_checks
from kbwf.config_files import load_study
from kbwf.errors import ConfigError
from kbwf.policies.table import BACKENDS
from kbwf.printable import printable
from kbwf.provenance import code_digest, report_assets, stage_digest, text_digest
from kbwf.records.origin import BASE, CONTROL
from kbwf.tasks import locations


def refused(error):
    """An error of ours as Snakemake shows one; whatever a configuration holds steers no terminal."""
    return WorkflowError(printable(str(error)))


# Those of the command line are laid over that of the Snakefile, and listed before it.
OVERLAID = list(workflow.overwrite_configfiles)
CONFIG_FILES = [
    path for path in workflow.configfiles if path not in OVERLAID
] + OVERLAID

try:
    cfg = load_study(config, CONFIG_FILES, workflow.config_settings.config)
    TASKS = plan.task_ids(cfg.tasks)
    POLICIES = plan.policies(cfg)
    RECORDING = plan_checks.recording_files(cfg, TASKS, Path("results/samples"))
    COMPARED = plan.compared_policies(cfg)
except ConfigError as error:
    raise refused(error) from None

SEEDS = list(cfg.sampling.seeds)


def one_of(names):
    """A pattern of these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    policy=one_of(POLICIES),
    task=r"l\d+_p\d+",
    seed=r"\d+",
    chunk=r"\d+",
    idx=r"\d+",
    num=r"\d+",
    strategy="|".join(cfg.selection.strategies),


def problem_source(wildcards):
    """What identifies a task's source: its files' content, or the data set's revision."""
    path = locations.problem_path(cfg.tasks, plan.problem_id_of(wildcards.task))
    if path is None:
        return str(cfg.tasks.revision)
    return [text_digest(each) for each in (path, locations.suite_of(path)) if each]


def demo_of(wildcards):
    """The trained demo policy, for a policy that starts from it."""
    if not POLICIES[wildcards.policy].is_demo:
        return []
    try:
        plan_checks.require_demo_tasks(cfg)
    except ConfigError as error:
        raise refused(error) from None
    return rules.train_demo_policy.output


def recording_of(wildcards):
    """The files that a policy's samples are taken from, if they exist already."""
    return RECORDING if POLICIES[wildcards.policy].backend.is_recorded else []


def access_of(wildcards):
    """Where a server is, how long to wait: a resource, because a change of it must not sample anew, as a param would."""
    return POLICIES[wildcards.policy].access


def policy_code(wildcards):
    """Digest of the code that runs this policy; that of other backends does not count."""
    return code_digest(POLICIES[wildcards.policy].backend.module)


def samples_path(of, chunk):
    """Cheaper than `expand`, which thousands of jobs would call."""
    return f"results/samples/{of.policy}/{of.task}/seed{of.seed}/chunk{chunk}.jsonl"


def chunk_of(wildcards):
    chunk_size = POLICIES[wildcards.policy].sampling.chunk_size
    return samples_path(wildcards, plan.chunk_of(int(wildcards.idx), chunk_size))


def chunks_of(wildcards):
    chunk_size = POLICIES[wildcards.policy].sampling.chunk_size
    chunks = plan.chunks(int(wildcards.num), chunk_size)
    return [samples_path(wildcards, chunk) for chunk in chunks]


def evaluations_of(wildcards):
    folder = f"results/evals/{wildcards.policy}/{wildcards.task}/seed{wildcards.seed}"
    return [f"{folder}/{idx}.json" for idx in range(int(wildcards.num))]


def scored(policies, tasks, seeds, count=None):
    """Files of the first scored samples of these policies, tasks and seeds; without a count, of as many as planned."""
    return [
        path
        for policy in policies
        for path in expand(
            rules.score_samples.output,
            policy=policy,
            task=tasks,
            seed=seeds,
            num=count or POLICIES[policy].sampling.num_samples,
        )
    ]


def control_of(wildcards):
    """The control's scored samples; only asked for by name, as a study may leave it out."""
    if CONTROL not in POLICIES:
        raise WorkflowError(
            "identity.num_samples is 0: there is no control to measure; set 4"
        )
    return scored([CONTROL], TASKS, SEEDS)
