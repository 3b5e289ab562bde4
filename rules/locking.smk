# The process around the rules: one run at a time in a folder, and jobs that find this environment and leave with it.
import fcntl
import os
import sys

from kbwf.warm.lifetime import owner_of

# Jobs find this environment's `kbwf` without activation; warm processes leave when this Snakemake is gone.
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
os.environ["KBWF_OWNER"] = owner_of(os.getpid())


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
