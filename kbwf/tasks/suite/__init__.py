"""The bundled problems (level 0), in KernelBench's format, and what is known about each.

The problem files are data: their names (`1_Diagonal_matmul.py`) are no module names, and nothing imports them.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Literal

import yaml

from kbwf.errors import TaskError
from kbwf.records import Variation

FormulationKind = Literal["plain", "fast", "slow", "wrong", "crashing"]


@dataclass(frozen=True)
class Formulation:
    """One body of `forward`, and what is known to become of it.

    plain: right, about as fast as the reference · fast: right and faster · slow: right and slower ·
    wrong: runs, but values, shape or dtype differ · crashing: does not compile, or raises.
    """

    kind: FormulationKind
    body: str
    """Dedented statements; they may use `self`, the arguments of the reference's `forward` and its module's imports."""


@dataclass(frozen=True)
class SuiteEntry:
    """What `suite.yaml` says about one problem."""

    admits: tuple[tuple[Variation, ...], ...]
    """For each input of `forward`, in order."""
    has_faster: bool
    """A formulation is known that is honestly at least 1.5x faster on one CPU thread."""
    formulations: tuple[Formulation, ...]


@functools.cache
def load_suite() -> Mapping[int, SuiteEntry]:
    """What is known about each bundled problem, by problem id in ascending order; read once, which takes 0.2 s.

    Raises:
        TaskError: `suite.yaml` is missing or lacks a key; the installation is damaged.
    """
    try:
        text = resources.files(__name__).joinpath("suite.yaml").read_text(encoding="utf-8")
        entries = {problem_id: _entry(fields) for problem_id, fields in sorted(yaml.safe_load(text).items())}
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise TaskError(f"the bundled suite.yaml cannot be read ({error!r}); install kbwf again") from error
    return MappingProxyType(entries)


def _entry(fields: dict[str, list[dict[str, str]]]) -> SuiteEntry:
    return SuiteEntry(
        admits=tuple(tuple(variations) for variations in fields["admits"]),  # type: ignore[arg-type]
        has_faster=bool(fields["has_faster"]),
        formulations=tuple(Formulation(kind=f["kind"], body=f["body"]) for f in fields["formulations"]),  # type: ignore[arg-type]
    )
