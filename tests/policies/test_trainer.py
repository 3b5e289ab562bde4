"""Facts about `LocalTrainer.update`, on a tiny random model in float64 unless said otherwise."""

import logging
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from kbwf.errors import PolicyError
from kbwf.policies.logprobs import BatchLimit
from kbwf.policies.trainer import ADAM_EPS
from kbwf.training.datums import Datum, DistillationDatum
from kbwf.training.update import UpdateReport
from tests.builders import make_task
from tests.policies.trainers import DATA, LONG, SHORT, largest_difference, make_trainer, weights

TASK = make_task()


def test_one_step_is_adam_on_the_loss_of_each_example_by_itself(tiny_model: Path) -> None:
    """Unpadded, one at a time, through the plain model: the same loss and gradient, then p - lr g / (|g| + eps)."""
    trainer = make_trainer(tiny_model)
    before = weights(trainer)
    parameters = list(trainer._parameters.values())
    loss = torch.zeros((), dtype=torch.float64)
    for datum in DATA:
        prompt_ids = trainer._encoder.encode(datum.messages)
        logits = trainer._model(torch.tensor([[*prompt_ids, *datum.token_ids_T]])).logits[0]
        for position, token in enumerate(datum.token_ids_T):
            row = logits[len(prompt_ids) - 1 + position]
            logprob = row[token] - torch.logsumexp(row, dim=0)
            loss = loss - torch.exp(logprob - datum.old_logprobs_T[position]) * datum.advantages_T[position]
    gradients = torch.autograd.grad(loss, parameters)
    report = trainer.update(DATA, learning_rate=0.01)
    assert report.loss == pytest.approx(loss.item(), abs=1e-6)
    assert report.gradient_norm == pytest.approx(math.sqrt(sum(g.square().sum().item() for g in gradients)), abs=1e-6)
    assert report.num_response_tokens == 9
    for (name, parameter), gradient in zip(trainer._parameters.items(), gradients, strict=True):
        # Adam's first moments, corrected for their start at 0, are the gradient and its square.
        expected = before[name] - 0.01 * gradient / (gradient.abs() + ADAM_EPS)
        is_clear = gradient.abs() > 1e-9
        assert torch.allclose(parameter[is_clear], expected[is_clear], rtol=0, atol=1e-6)
        assert is_clear.any() == ("lora_B" in name)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_first_ratio_is_one_for_samples_of_the_same_policy(tiny_model: Path, temperature: float) -> None:
    """Drawn with a cache, ratios are 1 to rounding, at any temperature, because both sides are at temperature 1."""
    trainer = make_trainer(tiny_model)
    data = [
        Datum(messages, draw.token_ids_T, draw.policy_logprobs_T, (1.0,) * len(draw.token_ids_T))
        for messages, draws in zip(
            (SHORT, LONG), trainer.sample_many([(TASK, SHORT, 4, 1), (TASK, LONG, 4, 2)], temperature, 20), strict=True
        )
        for draw in draws
    ]
    report = trainer.update(data, learning_rate=1e-3)
    assert report.max_ratio == pytest.approx(1.0, abs=1e-9)
    assert report.kl_sample_train_nats == pytest.approx(0.0, abs=1e-9)
    assert report.loss == pytest.approx(-report.num_response_tokens, abs=1e-6)


def test_the_first_ratio_is_one_for_scores_by_the_same_pass(tiny_model: Path) -> None:
    """The trainer computes log-probabilities as the scorer does, to some units in float64's last place."""
    trainer = make_trainer(tiny_model)
    scores = trainer.score_many([(datum.messages, datum.token_ids_T) for datum in DATA])
    data = [replace(datum, old_logprobs_T=logprobs_T) for datum, logprobs_T in zip(DATA, scores, strict=True)]
    report = trainer.update(data, learning_rate=1e-3)
    assert report.max_ratio == pytest.approx(1.0, abs=1e-12)
    assert report.kl_sample_train_nats == pytest.approx(0.0, abs=1e-12)
    assert report.kl_sample_train_v2_nats == pytest.approx(0.0, abs=1e-24)


def test_what_has_a_positive_advantage_becomes_likelier_and_what_has_a_negative_one_rarer(tiny_model: Path) -> None:
    """Two responses to one prompt, after five steps."""
    trainer = make_trainer(tiny_model)
    good, bad = (5, 6), (7, 8)
    before = trainer.score(SHORT, [good, bad])
    for _ in range(5):
        scores = trainer.score(SHORT, [good, bad])
        trainer.update([Datum(SHORT, good, scores[0], (1.0, 1.0)), Datum(SHORT, bad, scores[1], (-1.0, -1.0))], 0.01)
    after = trainer.score(SHORT, [good, bad])
    assert sum(after[0]) > sum(before[0]) + 0.1
    assert sum(after[1]) < sum(before[1]) - 0.1


def test_what_the_prompt_s_tokens_are_matters_but_not_what_they_would_predict(tiny_model: Path) -> None:
    """The report counts prompt tokens apart, and means are over the response's nine tokens alone."""
    trainer = make_trainer(tiny_model)
    scores = trainer.score_many([(datum.messages, datum.token_ids_T) for datum in DATA])
    differences = [
        old - new
        for datum, row in zip(DATA, scores, strict=True)
        for old, new in zip(datum.old_logprobs_T, row, strict=True)
    ]
    report = trainer.update(DATA, 0.01)
    assert len(differences) == report.num_response_tokens == 9
    assert report.kl_sample_train_nats == pytest.approx(sum(differences) / 9, abs=1e-9)
    # "user: Hi\n" and "assistant: " are 9 and 11 bytes, twice; the longer question has 22 more.
    assert report.num_prompt_tokens == 3 * (9 + 11) + 22


def test_padding_changes_nothing(tiny_model: Path) -> None:
    """All examples in one padded batch, and one by one without padding: the same loss and gradient."""
    together, alone = make_trainer(tiny_model), make_trainer(tiny_model, limit=BatchLimit(max_tokens=1))
    first, second = together.update(DATA, 0.01), alone.update(DATA, 0.01)
    assert (first.num_batches, second.num_batches) == (1, 3)
    assert first.loss == pytest.approx(second.loss, abs=1e-9)
    assert first.gradient_norm == pytest.approx(second.gradient_norm, abs=1e-9)


def test_layers_computed_twice_give_the_same_gradient(tiny_model: Path, tmp_path: Path) -> None:
    """Gradient checkpointing, with a model whose configuration asks for dropout: there is none while training."""
    shutil.copytree(tiny_model, tmp_path / "model")
    config = (tmp_path / "model" / "config.json").read_text()
    (tmp_path / "model" / "config.json").write_text(
        config.replace('"attention_dropout": 0.0', '"attention_dropout": 0.5')
    )
    assert "0.5" in (tmp_path / "model" / "config.json").read_text()
    kept = make_trainer(tiny_model).update(DATA, 0.01)
    trainer = make_trainer(tmp_path / "model", gradient_checkpointing=True)
    modes = []
    trainer._model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    again = trainer.update(DATA, 0.01)
    assert modes == [True] and not trainer._model.training
    assert again.loss == pytest.approx(kept.loss, abs=1e-9)
    assert again.gradient_norm == pytest.approx(kept.gradient_norm, abs=1e-9)


def test_several_gradient_steps_are_as_many_updates_with_the_old_policy_s_numbers(tiny_model: Path) -> None:
    """Ratios leave 1 from the second on; the report's means are from before the first."""
    at_once, one_by_one = make_trainer(tiny_model), make_trainer(tiny_model)
    report = at_once.update(DATA, 0.01, num_gradient_steps=3)
    reports = [one_by_one.update(DATA, 0.01) for _ in range(3)]
    assert largest_difference(weights(at_once), weights(one_by_one)) == 0.0
    assert report.num_gradient_steps == 3
    assert report.loss == reports[0].loss
    assert report.max_ratio == max(one.max_ratio for one in reports)
    with pytest.raises(ValueError, match="at least 1"):
        at_once.update(DATA, 0.01, num_gradient_steps=0)


def test_an_entropy_bonus_keeps_the_policy_undecided(tiny_model: Path) -> None:
    """With no other advantage than the bonus, mean entropy grows; the loss is minus coefficient times its sum."""
    trainer = make_trainer(tiny_model)
    data = [replace(datum, advantages_T=(0.0,) * len(datum.advantages_T)) for datum in DATA]
    reports = [trainer.update(data, 0.01, entropy_coefficient=0.5) for _ in range(4)]
    assert reports[0].loss == pytest.approx(-0.5 * reports[0].entropy_nats * 9, abs=1e-9)
    assert reports[-1].entropy_nats > reports[0].entropy_nats + 0.01


def test_equal_rewards_make_no_step(tiny_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Advantages of 0 leave the weights, although Adam has momentum from before; it is said so."""
    trainer = make_trainer(tiny_model)
    trainer.update(DATA, 0.01)
    before = weights(trainer)
    data = [replace(datum, advantages_T=(0.0,) * len(datum.advantages_T)) for datum in DATA]
    with caplog.at_level(logging.WARNING, logger="kbwf.policies.trainer"):
        report = trainer.update(data, 0.01)
    reason = "every advantage is 0: no token is to become likelier or rarer"
    assert report == UpdateReport(0, reason)
    assert caplog.messages == [f"no update: {reason}"]
    assert largest_difference(weights(trainer), before) == 0.0
    assert trainer.distill([], 0.01).no_update_reason == "there is no example"


def test_logits_that_are_no_numbers_stop_the_update(tiny_model: Path) -> None:
    """The adapter stays as it was."""
    trainer = make_trainer(tiny_model)
    before = weights(trainer)
    trainer._model.base_model.model.model.norm.weight.data.fill_(float("nan"))
    with pytest.raises(PolicyError, match="NaN or infinite"):
        trainer.update(DATA, 0.01)
    assert largest_difference(weights(trainer), before) == 0.0


def test_a_gradient_that_is_no_number_stops_the_update(tiny_model: Path) -> None:
    """A ratio beyond float64 makes the loss infinite; the adapter stays as it was."""
    trainer = make_trainer(tiny_model)
    before = weights(trainer)
    with pytest.raises(PolicyError, match="the gradient is"):
        trainer.update([replace(DATA[0], old_logprobs_T=(-2000.0,) * 3)], 0.01)
    assert largest_difference(weights(trainer), before) == 0.0


def test_an_example_longer_than_the_context_is_refused(tiny_model: Path) -> None:
    """The context is 128 tokens, the prompt takes 20 of them; a teacher's prompt counts too."""
    trainer = make_trainer(tiny_model)
    with pytest.raises(PolicyError, match="has room for 19"):
        trainer.update([Datum(SHORT, (5,) * 109, (-1.0,) * 109, (1.0,) * 109)], 0.01)
    taught = ({"role": "user", "content": "x" * 200},)
    with pytest.raises(PolicyError, match="prompt has 218 tokens"):
        trainer.distill([DistillationDatum(SHORT, taught, (5,))], 0.01)


def test_a_batch_too_large_for_the_gpu_is_halved_and_the_limit_is_kept(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for one row, three examples take three batches, in the next update from the start; numbers agree."""
    expected = make_trainer(tiny_model).update(DATA, 0.01)
    trainer = make_trainer(tiny_model)
    model = trainer._model.base_model.model
    forward, rows = model.forward, []

    def small(*args: Any, **kwargs: Any) -> Any:
        rows.append(kwargs["input_ids"].shape[0])
        if rows[-1] > 1:
            raise torch.OutOfMemoryError("out of memory")
        return forward(*args, **kwargs)

    monkeypatch.setattr(model, "forward", small)
    report = trainer.update(DATA, 0.01)
    assert rows == [3, 1, 1, 1]
    assert report.loss == pytest.approx(expected.loss, abs=1e-9)
    assert report.gradient_norm == pytest.approx(expected.gradient_norm, abs=1e-9)
    trainer.update(DATA, 0.01)
    assert rows[4:] == [1, 1, 1]
