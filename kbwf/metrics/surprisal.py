"""Surprisal: the negative log-likelihood by which samples are ranked."""

from typing import Literal

from kbwf.records import Sample

SurprisalKind = Literal["mean", "sum"]


def surprisal_nats(sample: Sample, kind: SurprisalKind) -> float | None:
    """NLL of the response at temperature 1: per token (mean, the paper's) or of the whole response (sum).

    The two rank samples of different length differently. None where the policy gave no log-probabilities.
    """
    if kind == "mean":
        return sample.nll_mean_nats
    return sample.nll_sum_nats
