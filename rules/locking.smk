# The process around the rules: one run at a time in a folder, and jobs that find this environment and leave with it.
import fcntl
import os
import sys
import tempfile
from collections import Counter

import snakemake_logger_plugin_kbwf
from snakemake.logging import logger

from kbwf.warm.lifetime import owner_in, owner_of
from kbwf.warm.slots import slots_of

# Jobs find this environment's `kbwf` without activation.
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
# Warm processes leave when this Snakemake is gone. One that a cluster's job starts is owned by the first of its allocation.
if workflow.remote_exec:
    os.environ.update(owner_in(os.environ, os.getpid()))
else:
    os.environ["KBWF_OWNER"] = owner_of(os.getpid())
# A job takes the one of this machine's GPUs that is free; Snakemake only counts them.
try:
    GPUS = slots_of(os.environ)
except ConfigError as error:
    raise WorkflowError(printable(str(error))) from None
os.environ["KBWF_GPUS"] = " ".join(GPUS)
# Says how a job runs, not what comes out, and is therefore no param: moving the store reruns nothing.
STORE = os.path.abspath(cfg.store.path or "results/store")
os.environ["KBWF_STORE"] = STORE


def jobs_by_rule():
    """Of this run, done ones included; a checkpoint adds some."""
    jobs = {*workflow.dag.needrun_jobs(), *workflow.dag.finished_jobs}
    return Counter(job.rule.name for job in jobs)


snakemake_logger_plugin_kbwf.jobs_by_rule = jobs_by_rule


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


def require_writable(folder):
    """Before hours of work: where results cannot be written, nothing can."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
    except OSError as error:
        raise WorkflowError(
            f"{os.path.abspath(folder)} cannot be written to ({error.strerror}); free space, make it a folder of your own,"
            " or run in another one with --directory"
        ) from None


def warn_of_missing_gpus():
    """More jobs at once than GPUs wait for each other; none of them goes wrong."""
    limit = workflow.global_resources.get("gpu")
    asked = getattr(limit, "value", limit) or 1
    if workflow.local_exec and asked > max(len(GPUS), 1):
        logger.warning(
            f"--resources gpu={asked}, but this machine has {len(GPUS) or 'no'} GPUs for this run: jobs will wait for each"
            f" other; use gpu={max(len(GPUS), 1)}"
        )


def bound_store():
    if cfg.store.max_mb is not None and os.path.isdir(STORE):
        shell(
            "kbwf cache prune --store {STORE:q} --max-mb {cfg.store.max_mb} --quiet || true"
        )


def schedule_once_a_job():
    """Take away a rate limit that limits nothing. Under one, each pass of Snakemake's scheduler calls for another pass a
    timespan later, and so does that one: each job adds passes to all of the rest of the run.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and limit.max_jobs >= 1_000_000:
        workflow.scheduler.job_rate_limiter = None


onstart:
    require_writable("results")
    warn_of_missing_gpus()
    schedule_once_a_job()
    lock_working_directory()  # Snakemake's own lock outlives a killed run, and would refuse the same command


onsuccess:
    bound_store()


onerror:
    bound_store()
