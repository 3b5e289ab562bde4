"""The paper's figures, which stand beside ours."""

import functools
from importlib import resources
from typing import Any

import yaml

CONDITIONS = (
    "Published: arXiv 2602.07670, GPT-OSS-120B with an RLVR adapter, KernelBench level 1, mode fast,"
    " on tasks 4, 5, 12, 14 and 15 with 2 seeds unless said otherwise; another model, judge and GPU than here"
)
"""What must be known to read the column."""


@functools.cache
def published() -> dict[str, Any]:
    """`published.yaml`; rates in percent."""
    figures: dict[str, Any] = yaml.safe_load(resources.files("kbwf.report").joinpath("published.yaml").read_text())
    return figures


def rate(percent: float | None) -> float | None:
    """A published percentage as a fraction."""
    return None if percent is None else percent / 100
