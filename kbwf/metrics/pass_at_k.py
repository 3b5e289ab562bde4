"""pass@k: what k draws would have given, estimated without bias from n ≥ k draws."""

import math


def pass_at_k(n: int, c: int, k: int) -> float | None:
    """Probability that at least one of k samples, drawn without replacement from n of which c succeed, succeeds.

    1 - C(n-c, k) / C(n, k), the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374, equation 1), as the product
    of (1 - k/i) over i = n-c+1 … n, which stays in range where the binomials overflow.

    Returns:
        The probability; None if n < k, where no unbiased estimate exists.

    Raises:
        ValueError: not 0 ≤ c ≤ n, or k < 1.
    """
    if not 0 <= c <= n or k < 1:
        raise ValueError(f"pass_at_k needs 0 <= c <= n and k >= 1, got n={n}, c={c}, k={k}")
    if n < k:
        return None
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))
