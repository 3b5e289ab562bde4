"""Facts about `LocalTrainer.distill` and whose weights teach, on a tiny random model in float64."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kbwf.policies.teacher import EMA_RATE
from kbwf.training.datums import DistillationDatum
from tests.policies.trainers import DATA, LESSONS, SHORT, TAUGHT, largest_difference, make_trainer, weights


@pytest.mark.parametrize("teacher", ["base", "ema"])
def test_resuming_keeps_the_teacher(tiny_model: Path, tmp_path: Path, teacher: str) -> None:
    """Distillation, resumed, goes on towards the same teacher."""
    through = make_trainer(tiny_model, teacher=teacher)
    for _ in range(2):
        through.distill(LESSONS, 0.01)
    through.save(tmp_path)
    third = through.distill(LESSONS, 0.01)
    resumed = make_trainer(
        tiny_model, teacher=teacher, adapter=str(tmp_path / "adapter"), state=str(tmp_path / "state")
    )
    assert resumed.distill(LESSONS, 0.01) == third
    assert largest_difference(weights(resumed), weights(through)) == 0.0


def test_distillation_moves_the_student_towards_the_teacher(tiny_model: Path) -> None:
    """With the base policy as teacher, whose prompt says more, the divergence falls; tokens are counted apart."""
    trainer = make_trainer(tiny_model, teacher="base")
    reports = [trainer.distill(LESSONS, 0.01, top_k=20) for _ in range(6)]
    assert reports[-1].loss < 0.7 * reports[0].loss
    # "user: Hi\n\nThe answer is known.\n" and "assistant: " are 31 and 11 bytes.
    assert reports[0].num_teacher_tokens == 2 * (31 + 11) + 3 + 2
    assert reports[0].num_response_tokens == 5
    assert reports[0].kl_sample_train_nats == 0.0


def test_a_teacher_with_the_student_s_prompt_and_weights_teaches_nothing(tiny_model: Path) -> None:
    """The divergence is 0, whichever it is."""
    data = [replace(lesson, teacher_messages=lesson.messages) for lesson in LESSONS]
    assert make_trainer(tiny_model).distill(data, 0.01).loss == pytest.approx(0.0, abs=1e-9)
    assert make_trainer(tiny_model).distill(data, 0.01, divergence="reverse_kl").loss == pytest.approx(0.0, abs=1e-9)


def test_distilling_one_likeliest_token_is_computed_by_hand(tiny_model: Path) -> None:
    """KL of (p, 1 - p) from (q, 1 - q), p and q the two policies' probability of the student's likeliest token."""
    trainer = make_trainer(tiny_model)
    logits = [
        trainer._model(torch.tensor([trainer._encoder.encode(messages)])).logits[0, -1].softmax(dim=0)
        for messages in (SHORT, TAUGHT)
    ]
    token = logits[0].argmax()
    p, q = logits[0][token].item(), logits[1][token].item()
    report = trainer.distill([DistillationDatum(SHORT, TAUGHT, (5,))], 0.01, top_k=1, divergence="reverse_kl")
    assert report.loss == pytest.approx(p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)), abs=1e-6)


@pytest.mark.parametrize("teacher", ["live", "base", "ema"])
def test_the_teacher_is_the_policy_as_it_is_as_it_was_or_in_between(tiny_model: Path, teacher: str) -> None:
    """After one step: the trained weights, the first ones, or 5 % of the way; scoring leaves the student in place."""
    trainer = make_trainer(tiny_model, teacher=teacher)
    passages = [(TAUGHT, (5, 6))]
    before, first = weights(trainer), trainer.score_many(passages)
    trainer.update(DATA, 0.05)
    after, trained = weights(trainer), trainer.score_many(passages)
    taught = trainer.teacher_score_many(passages)
    assert largest_difference(weights(trainer), after) == 0.0
    if teacher == "live":
        assert taught == trained
    elif teacher == "base":
        assert taught == first != trained
    else:
        expected = {name: before[name] + EMA_RATE * (after[name] - before[name]) for name in before}
        assert largest_difference(trainer._teacher.weights, expected) < 1e-12
        assert taught not in (first, trained)
