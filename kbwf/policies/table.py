"""Where policies can run: one table says what each backend is called, can do, needs and occupies.

Rules and stages ask it; nobody else tells backends apart. Standard library only: the DAG is built with it.
"""

import importlib
from typing import NamedTuple

from kbwf.errors import PolicyError


class Backend(NamedTuple):
    """One way to run a policy."""

    name: str
    module: str
    """A `protocols.PolicyModule` or `RecordingModule`. Imported when used: it may be slow, or lack what it needs."""
    credentials: tuple[str, ...]
    """Environment variables that its process is given besides the usual ones."""
    trainer: str | None
    """A `training.update.TrainerModule`; None: its weights cannot be trained."""
    gives_distributions: bool
    """Whether training sees whole distributions, and not only the tokens that were drawn: method sdpo-topk and an
    entropy bonus need them."""
    num_gpus: int
    """What a job that samples, scores or trains asks for of Snakemake's resource `gpu`; on a CPU too, lest it runs
    beside a timed kernel."""
    has_request_per_sample: bool
    """Whether the prompt is sent, and paid for, once a sample rather than once a chunk."""
    is_kept: bool
    """Whether answers are kept in the store, and not asked for again: they cost money, or come out otherwise."""
    is_scored_after_sampling: bool
    """Whether log-probabilities at temperature 1 cost a request of their own where another temperature samples."""
    is_warm: bool
    """Whether sampling jobs share a process that keeps what is slow to load. Without weights there is nothing to keep:
    each job then works by itself, several run at a time, and one that hangs holds nobody up."""
    is_recorded: bool
    """Whether its samples exist already; its module is then a `protocols.RecordingModule`."""
    can_run_demo: bool
    """Whether `base.model: demo` means the demo policy to it."""


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend(
            name="local",
            module="kbwf.policies.local",
            credentials=("HF_TOKEN",),  # gated models; the sampling process runs no model-written code
            trainer="kbwf.policies.trainer",
            gives_distributions=True,
            num_gpus=1,
            has_request_per_sample=False,
            is_kept=False,
            is_scored_after_sampling=False,
            is_warm=True,
            is_recorded=False,
            can_run_demo=True,
        ),
        Backend(
            name="control",
            module="kbwf.policies.control",
            credentials=(),
            trainer=None,
            gives_distributions=False,
            num_gpus=1,
            has_request_per_sample=False,
            is_kept=False,
            is_scored_after_sampling=False,
            is_warm=True,
            is_recorded=False,
            can_run_demo=False,
        ),
        Backend(
            name="openai",
            module="kbwf.policies.openai",
            credentials=("OPENAI_API_KEY",),
            trainer=None,
            gives_distributions=False,
            num_gpus=0,
            has_request_per_sample=True,
            is_kept=True,
            is_scored_after_sampling=False,
            is_warm=False,
            is_recorded=False,
            can_run_demo=False,
        ),
        Backend(
            name="tinker",
            module="kbwf.policies.tinker",
            credentials=("TINKER_API_KEY",),
            trainer="kbwf.policies.tinker_trainer",
            gives_distributions=False,
            num_gpus=0,
            has_request_per_sample=False,
            is_kept=True,
            is_scored_after_sampling=True,
            is_warm=False,
            is_recorded=False,
            can_run_demo=False,
        ),
        Backend(
            name="replay",
            module="kbwf.policies.replay",
            credentials=(),
            trainer=None,
            gives_distributions=False,
            num_gpus=0,
            has_request_per_sample=False,
            is_kept=False,
            is_scored_after_sampling=False,
            is_warm=False,
            is_recorded=True,
            can_run_demo=False,
        ),
    )
}


def load(name: str) -> object:
    """The module behind a backend.

    Raises:
        PolicyError: there is no backend of this name.
    """
    if name not in BACKENDS:
        raise PolicyError(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    return importlib.import_module(BACKENDS[name].module)
