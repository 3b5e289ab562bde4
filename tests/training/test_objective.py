"""Facts about losses, by hand, on numpy arrays and on torch tensors alike. Distributions are odds over three tokens."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from kbwf.training.objective import entropy_regularized, kl_estimates, policy_gradient_loss, topk_divergences

HALF, QUARTER, EIGHTH = math.log(1 / 2), math.log(1 / 4), math.log(1 / 8)
both = pytest.mark.parametrize("xp", [np, torch])


def array(xp: ModuleType, values: list) -> Any:
    """In float64, of the module's own kind."""
    return xp.asarray(values, dtype=xp.float64)


@both
def test_the_policy_gradient_loss_is_minus_the_sum_of_ratio_times_advantage(xp: ModuleType) -> None:
    """Ratios 2, 1 and 1/2, advantages 3, -1 and 4: -(6 - 1 + 2)."""
    new, old = array(xp, [HALF, QUARTER, EIGHTH]), array(xp, [QUARTER, QUARTER, QUARTER])
    assert float(policy_gradient_loss(new, old, array(xp, [3.0, -1.0, 4.0]), xp)) == pytest.approx(-7.0)


def test_its_gradient_is_minus_ratio_times_advantage() -> None:
    """d/dlogp of -exp(logp - old) A: minus 6, plus 1, minus 2; at the old policy minus A."""
    new = array(torch, [HALF, QUARTER, EIGHTH]).requires_grad_()
    advantages = array(torch, [3.0, -1.0, 4.0])
    policy_gradient_loss(new, array(torch, [QUARTER] * 3), advantages, torch).backward()
    assert new.grad is not None and new.grad.tolist() == pytest.approx([-6.0, 1.0, -2.0])
    new.grad = None
    policy_gradient_loss(new, new.detach(), advantages, torch).backward()
    assert new.grad.tolist() == [-3.0, 1.0, -4.0]


@both
def test_entropy_is_rewarded(xp: ModuleType) -> None:
    """5 - 0.1 (2 + 3)."""
    assert float(entropy_regularized(array(xp, [5.0]).sum(), array(xp, [2.0, 3.0]), 0.1)) == pytest.approx(4.5)


@both
def test_the_reverse_divergence_counts_the_rest_as_one_outcome(xp: ModuleType) -> None:
    """Student 1/2, rest 1/2; teacher 1/4, rest 3/4: ½ log 2 + ½ log(2/3). Other tokens' shares do not matter."""
    divergences = topk_divergences(array(xp, [[HALF]]), array(xp, [[QUARTER]]), "reverse_kl", xp)
    assert divergences.tolist() == pytest.approx([0.5 * math.log(2) + 0.5 * math.log(2 / 3)])


@both
def test_with_all_tokens_known_the_divergence_is_the_whole_one(xp: ModuleType) -> None:
    """Student ½ ¼ ¼, teacher ¼ ½ ¼: ½ log 2 - ¼ log 2; the rest, which is nobody's, adds less than 1e-5."""
    student, teacher = array(xp, [[HALF, QUARTER, QUARTER]]), array(xp, [[QUARTER, HALF, QUARTER]])
    divergences = topk_divergences(student, teacher, "reverse_kl", xp)
    assert divergences.tolist() == pytest.approx([0.25 * math.log(2)], abs=1e-5)


@both
def test_jensen_shannon_is_half_of_both_divergences_from_the_mixture(xp: ModuleType) -> None:
    """Student ½ and ½, teacher ¼ and ¾, mixture ⅜ and ⅝."""
    student_part = 0.5 * (0.5 * math.log(0.5 / 0.375) + 0.5 * math.log(0.5 / 0.625))
    teacher_part = 0.5 * (0.25 * math.log(0.25 / 0.375) + 0.75 * math.log(0.75 / 0.625))
    student, teacher = array(xp, [[HALF]]), array(xp, [[QUARTER]])
    expected = pytest.approx([student_part + teacher_part])
    assert topk_divergences(student, teacher, "jensen_shannon", xp).tolist() == expected
    assert topk_divergences(teacher, student, "jensen_shannon", xp).tolist() == expected


@pytest.mark.parametrize("divergence", ["reverse_kl", "jensen_shannon"])
def test_a_teacher_that_agrees_teaches_nothing(divergence: Any) -> None:
    """Divergence and gradient are 0, also for a student that is certain of one token."""
    student = torch.log_softmax(torch.tensor([[2.0, 1.0, 0.0], [500.0, 0.0, 0.0]], dtype=torch.float64), dim=-1)
    student = student[:, :2].detach().requires_grad_()
    divergences = topk_divergences(student, student.detach(), divergence, torch)
    divergences.sum().backward()
    assert divergences.tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert student.grad is not None and torch.isfinite(student.grad).all()


def test_distilling_moves_the_student_towards_the_teacher() -> None:
    """By hand for logits (0, 0), teacher (¼, ¾), one token known: dKL/dz = p (1 - p) (log(p/t) - log((1-p)/(1-t)))."""
    logits = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    student = torch.log_softmax(logits, dim=-1)[:, :1]
    topk_divergences(student, torch.tensor([[QUARTER]], dtype=torch.float64), "reverse_kl", torch).sum().backward()
    slope = 0.25 * (math.log(0.5 / 0.25) - math.log(0.5 / 0.75))
    assert logits.grad is not None and logits.grad[0].tolist() == pytest.approx([slope, -slope])


@both
def test_divergence_estimates_are_mean_difference_and_half_mean_square(xp: ModuleType) -> None:
    """Differences old - new of log 2 and - log 4: mean - ½ log 2, half mean square ¼ (1 + 4) log² 2."""
    v1, v2 = kl_estimates(array(xp, [QUARTER, HALF]), array(xp, [HALF, EIGHTH]))
    assert v1 == pytest.approx(-0.5 * math.log(2))
    assert v2 == pytest.approx(0.25 * 5 * math.log(2) ** 2)
