"""What a claim of the report must exceed: the error of confirmed kernels."""

from scipy.stats import binomtest

_NOMINAL_ERROR = 0.025
"""Share of kernels no faster than the reference whose confirmed 95 % interval lies above 1 all the same."""
_LEVEL = 0.025


def is_more_than_error(num_faster: int, num_kernels: int, num_faster_controls: int, num_controls: int) -> bool:
    """Exact and one-sided: so many are hardly ever confirmed where no kernel is faster.

    Of a kernel's error the interval's own is the least that is assumed: a few references mostly show none at all, so
    that comparing the two shares would call every other study of noise outside.
    """
    error = max(_NOMINAL_ERROR, num_faster_controls / num_controls)
    return float(binomtest(num_faster, num_kernels, error, alternative="greater").pvalue) <= _LEVEL
