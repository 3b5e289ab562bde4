"""What every job of the command line is: whose it is, how it begins to work, and on which GPU."""

import os
from collections.abc import Callable


def owner() -> str:
    """The Snakemake that started this job; by hand nobody, so the warm process leaves with this one."""
    known = os.environ.get("KBWF_OWNER")
    if known:
        return known
    from kbwf.warm.lifetime import owner_of

    return owner_of(os.getpid())


def begin_work(*, leaves_with_owner: bool = True) -> None:
    """What a process needs that does something itself, other than ask a warm one."""
    import logging

    from kbwf.log_format import KeylessFormatter
    from kbwf.warm.lifetime import leave_with

    if "KBWF_OWNER" in os.environ and leaves_with_owner:
        leave_with(owner())
    handler = logging.StreamHandler()
    handler.setFormatter(KeylessFormatter(os.environ))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def on_own_gpu(run: Callable[[], str | None]) -> str | None:
    """A job that works in its own process: the GPU is chosen before anything touches CUDA."""
    from kbwf.warm import client, slots

    with slots.held(client.gpus(), "") as gpu:
        os.environ.update(slots.as_environment(gpu))
        return run()
