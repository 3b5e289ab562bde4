"""What a claim of the report must exceed: the error of confirmed kernels, the control's success, too few tasks."""

from scipy.stats import beta, binomtest

from kbwf.metrics.statistics import Interval
from kbwf.report.table import Cell

_NOMINAL_ERROR = 0.025
"""Share of kernels no faster than the reference whose confirmed 95 % interval lies above 1 all the same."""
_LEVEL = 0.025
MIN_TASKS = 5
"""Of fewer all may well change in one direction by chance, four in every eighth study, and then each resample of them
excludes 0."""


def is_more_than_error(num_faster: int, num_kernels: int, num_faster_controls: int, num_controls: int) -> bool:
    """Exact and one-sided: so many are hardly ever confirmed where no kernel is faster.

    Of a kernel's error the interval's own is the least that is assumed: a few references mostly show none at all, so
    that comparing the two shares would call every other study of noise outside.
    """
    error = max(_NOMINAL_ERROR, num_faster_controls / num_controls)
    return float(binomtest(num_faster, num_kernels, error, alternative="greater").pvalue) <= _LEVEL


def lies_above(ours: Cell, theirs: Cell, num_trials: float, confidence_level: float) -> bool | None:
    """Our interval begins where the control's success may still lie; None if one of them is not known.

    The control mostly has no success at all, of which a bootstrap makes an interval without width. That is no
    certainty: its success may lie anywhere up to the exact upper bound (Clopper & Pearson 1934).

    Args:
        num_trials: of the control: how many choices (or draws of k samples) its success is a mean of.
    """
    if not isinstance(ours, Interval) or not isinstance(theirs, Interval) or num_trials <= 0:
        return None
    num_failures = num_trials * (1 - theirs.value)
    level = 0.5 + confidence_level / 2
    bound = float(beta.ppf(level, num_trials - num_failures + 1, num_failures)) if num_failures > 0 else 1.0
    return ours.low > max(theirs.high, bound)


def excludes_0(change: Cell, num_tasks: int) -> bool | None:
    """Of an interval over tasks; None if it is not known, or if there are too few of them to say so."""
    if not isinstance(change, Interval) or num_tasks < MIN_TASKS:
        return None
    return not change.covers(0.0)
