# The process around the rules: one run at a time in a folder, and jobs that find this environment and leave with it.
import contextlib
import os
import sys
from collections import Counter

import snakemake_logger_plugin_kbwf
from snakemake.logging import logger
from snakemake_interface_executor_plugins.settings import ExecMode

from kbwf.errors import KbwfError
from kbwf.run_guard import alone_in, require_writable, store_folder, store_remark
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
    raise refused(error) from None
os.environ["KBWF_GPUS"] = " ".join(GPUS)


def jobs_by_rule():
    """Of this run, done ones included; a checkpoint adds some."""
    jobs = {*workflow.dag.needrun_jobs(), *workflow.dag.finished_jobs}
    return Counter(job.rule.name for job in jobs)


snakemake_logger_plugin_kbwf.jobs_by_rule = jobs_by_rule


def warn_of_missing_gpus():
    """More jobs at once than GPUs wait for each other; none of them goes wrong."""
    limit = workflow.global_resources.get("gpu")
    asked = getattr(limit, "value", limit) or 1
    if asked > max(len(GPUS), 1):
        logger.warning(
            f"--resources gpu={asked}, but this machine has {len(GPUS) or 'no'} GPUs for this run: jobs will wait for each"
            f" other; use gpu={max(len(GPUS), 1)}"
        )


def schedule_once_a_job():
    """Take away a rate limit that limits nothing. Under one, each pass of Snakemake's scheduler calls for another pass a
    timespan later, and so does that one: each job adds passes to all of the rest of the run.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and limit.max_jobs >= 1_000_000:
        workflow.scheduling_settings.max_jobs_per_timespan = None


def guarded(execute, delete_output):
    """Snakemake's execution of the jobs, between what must hold before and what is tidied up after; and its deletion of
    what there is.

    Not `onstart` and its like: Snakemake does not take those over where these rules are another workflow's module, and a
    refused run would have been announced before.
    """

    def execute_guarded(executor_plugin, **settings):
        kind = executor_plugin.common_settings
        # Says how a job runs, not what comes out, and is therefore no param: moving the store reruns nothing.
        try:
            store = store_folder(Path(cfg.store.path or "results/store"))
            os.environ["KBWF_STORE"] = store
            if kind.dryrun_exec or workflow.exec_mode != ExecMode.DEFAULT:
                return execute(executor_plugin=executor_plugin, **settings)
            with alone_in(Path("results")) as can_write:
                if can_write and (remark := store_remark(Path(store))):
                    logger.warning(printable(remark))
                if kind.local_exec:
                    warn_of_missing_gpus()
                schedule_once_a_job()
                try:
                    return execute(executor_plugin=executor_plugin, **settings)
                finally:
                    if cfg.store.max_mb is not None and os.access(store, os.W_OK):
                        shell(
                            "kbwf cache prune --store {store:q} --max-mb {cfg.store.max_mb} --quiet || true"
                        )
        except KbwfError as error:
            raise refused(error) from None

    def delete_guarded(only_temp=False, dryrun=False):
        try:
            with contextlib.nullcontext() if dryrun else alone_in(Path("results")):
                delete_output(only_temp=only_temp, dryrun=dryrun)
        except KbwfError as error:
            raise refused(error) from None

    return execute_guarded, delete_guarded


if workflow.execute.__name__ == "execute":  # a module may be used twice
    workflow.execute, workflow.delete_output = guarded(
        workflow.execute, workflow.delete_output
    )


onstart:
    try:  # here and not before: where nothing has to be done, nothing has to be written
        require_writable(Path("results"))
    except KbwfError as error:
        raise refused(error) from None
