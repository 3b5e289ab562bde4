"""Losses and divergences per token. Axes: T response token, N the likeliest tokens of the student's distribution.

Every function works on numpy arrays and on torch tensors alike: `xp` is the module that the arrays come from, so that
the formula that is tested by hand is the one that is differentiated.

All losses are sums over tokens. A gradient is then the same however the batch is cut into micro-batches, and Adam does
not see the factor between a sum and a mean.
"""

import math
from typing import Any, Literal

Divergence = Literal["reverse_kl", "jensen_shannon"]

MAX_MASS = 1 - 1e-7
"""The student's likeliest tokens may add up to 1 in float32; a little is left so that the rest has a logarithm."""


def policy_gradient_loss(logprobs_T: Any, old_logprobs_T: Any, advantages_T: Any, xp: Any) -> Any:
    """- sum_t ratio_t A_t with ratio_t = exp(logp_t - logp_old_t): the importance-sampling policy gradient.

    arXiv 2602.07670 (the `importance_sampling` loss of its trainer): no clip, no KL term, no division by the length. At
    the old policy every ratio is 1, and the gradient is that of - sum_t A_t logp_t.

    Args:
        logprobs_T: under the policy that is trained, temperature 1.
        old_logprobs_T: under the policy that drew the tokens, at temperature 1 as well. Tokens that were drawn at
            another temperature come from a sharper or flatter distribution than the one that is trained; the paper
            does the same.
    """
    return -(xp.exp(logprobs_T - old_logprobs_T) * advantages_T).sum()


def entropy_regularized(loss: Any, entropies_T: Any, coefficient: float) -> Any:
    """loss - coefficient * sum_t H_t, with H_t the entropy (nats) of the policy's distribution at token t.

    Ours, against over-sharpening: the bonus of A3C (arXiv 1602.01783), at temperature 1 and over drawn prefixes only.
    """
    return loss - coefficient * entropies_T.sum()


def topk_divergences(student_T_N: Any, teacher_T_N: Any, divergence: Divergence, xp: Any) -> Any:
    """Divergence of student and teacher per token [T], nats: SDPO (arXiv 2601.20802).

    The distributions are known at the N tokens that the student finds likeliest, and what is left of each counts as one
    more outcome. `reverse_kl` is KL(student ‖ teacher), the paper's equation 1; `jensen_shannon` is
    ½ KL(student ‖ m) + ½ KL(teacher ‖ m), m = ½ (student + teacher), which the paper's experiments use.

    Args:
        student_T_N: log-probabilities of the N tokens, N at least 1.
        teacher_T_N: the teacher's, of the same tokens.
    """
    student_rest_T, teacher_rest_T = _rest(student_T_N, xp), _rest(teacher_T_N, xp)
    if divergence == "reverse_kl":
        known_T = (xp.exp(student_T_N) * (student_T_N - teacher_T_N)).sum(-1)
        return known_T + xp.exp(student_rest_T) * (student_rest_T - teacher_rest_T)
    known_T = _jensen_shannon(student_T_N, teacher_T_N, xp).sum(-1)
    return known_T + _jensen_shannon(student_rest_T, teacher_rest_T, xp)


def kl_estimates(logprobs_T: Any, old_logprobs_T: Any) -> tuple[float, float]:
    """Two estimates of KL(old ‖ new) in nats per token from tokens that the old policy drew.

    Mean of logp_old - logp, unbiased but of either sign, and half the mean of its square, biased but never negative
    (`kl_sample_train_v1` and `_v2` of tinker-cookbook). They are estimates of a KL at temperature 1 only for samples of
    temperature 1.
    """
    difference_T = old_logprobs_T - logprobs_T
    return float(difference_T.mean()), float(0.5 * (difference_T**2).mean())


def _rest(logprobs_T_N: Any, xp: Any) -> Any:
    """Log-probability of all other tokens together, [T]."""
    return xp.log1p(-xp.clip(xp.exp(logprobs_T_N).sum(-1), 0.0, MAX_MASS))


def _jensen_shannon(student: Any, teacher: Any, xp: Any) -> Any:
    mixture = xp.logaddexp(student, teacher) - math.log(2)
    return 0.5 * (xp.exp(student) * (student - mixture) + xp.exp(teacher) * (teacher - mixture))
