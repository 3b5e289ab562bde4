"""Training through the real SDK, against a fake of the service."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.tinker_files import adapter_digest, read_weights
from kbwf.policies.tinker_trainer import TinkerTrainer, open_trainer
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings
from kbwf.training.datums import Datum
from tests.policies.fake_tinker import KEY, LOGPROB, MODEL, FakeTinker, Reply, serving

pytest.importorskip("tinker", reason="the extra is not installed: pip install 'kbwf[tinker]'")

MESSAGES = ({"role": "user", "content": "hi"},)
NUM_PROMPT_TOKENS = len("user: hi\nassistant: ")
DATA = [
    Datum(MESSAGES, (5, 6, 0), (LOGPROB, LOGPROB - 1.0, LOGPROB), (1.0, 1.0, 1.0)),
    Datum(MESSAGES, (7,), (LOGPROB,), (-2.0,)),
]
BASE = Checkpoint(policy_id="base", backend="tinker", step=0, base_model=MODEL, revision=None)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTinker]:
    """The service, and a key for it."""
    monkeypatch.setenv("TINKER_API_KEY", KEY)
    with serving() as service:
        yield service


def opened(fake: FakeTinker, tiny_model: Path, checkpoint: Checkpoint = BASE, **others: Any) -> TinkerTrainer:
    """A trainer of rank 8."""
    fields = {"backend": "tinker", "model": MODEL, "base_url": fake.url, "tokenizer": tiny_model, "deadline_s": 60}
    base = BaseSettings.model_validate({**fields, "logprobs_temperature": "one"}).model_dump(mode="json")
    arguments = {"lora_rank": 8, "seed": 3, "teacher": "live", **others}
    return open_trainer(checkpoint, base, "tokenizer", **arguments)


def asked(fake: FakeTinker, path: str) -> list[Any]:
    """Bodies of the requests for a path."""
    return [body for name, body in fake.asked if name == path]


def stepped(folder: Path) -> Checkpoint:
    """What training leaves after a step."""
    return Checkpoint(
        policy_id="run_seed0.step1", backend="tinker", step=1, base_model=MODEL, revision=None,
        sampler_path=str(folder / "adapter"), sampler_sha256=adapter_digest(folder / "adapter"),
        state_path=str(folder / "state"),
    )  # fmt: skip


def test_an_update_is_a_pass_and_a_step_of_adam(fake: FakeTinker, tiny_model: Path) -> None:
    """Loss -(e^1 + 1 + 1 - 2), ratios e^0 and e^1, mean of logp_old - logp -1/4; what the service does not tell is
    None."""
    trainer = opened(fake, tiny_model)
    report = trainer.update(DATA, 1e-3)
    trainer.release()
    (made,) = asked(fake, "create_model")
    assert (made["base_model"], made["lora_config"]["rank"], made["lora_config"]["seed"]) == (MODEL, 8, 3)
    (adam,) = asked(fake, "optim_step")
    wanted = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.95, "eps": 1e-12, "weight_decay": 0.0}
    assert {key: adam["adam_params"][key] for key in wanted} == wanted
    assert report.loss == pytest.approx(-(2.718281828 + 1 + 1 - 2))
    assert report.max_ratio == pytest.approx(2.718281828)
    assert (report.kl_sample_train_nats, report.kl_sample_train_v2_nats) == (-0.25, 0.125)
    assert (report.num_prompt_tokens, report.num_response_tokens) == (2 * NUM_PROMPT_TOKENS, 4)
    assert (report.gradient_norm, report.entropy_nats, report.no_update_reason) == (2.5, None, None)


def test_the_loss_is_importance_sampling_over_response_tokens(fake: FakeTinker, tiny_model: Path) -> None:
    """As the service is sent it: tokens shifted by one, advantages of the prompt zero."""
    from tinker.proto import tinker_public_pb2 as messages

    trainer = opened(fake, tiny_model)
    trainer.update(DATA[:1], 1e-3)
    trainer.release()
    (raw,) = asked(fake, "forward_backward")
    request = messages.ForwardBackwardRequest.FromString(raw)
    assert request.loss_fn == "importance_sampling" and not request.forward_only
    (datum,) = request.data
    assert set(datum.loss_fn_inputs) == {"target_tokens", "logprobs", "advantages"}


def test_several_gradient_steps_are_reported_by_the_first(fake: FakeTinker, tiny_model: Path) -> None:
    """Each of them over all examples."""
    trainer = opened(fake, tiny_model)
    assert trainer.update(DATA, 1e-3, num_gradient_steps=3).num_gradient_steps == 3
    trainer.release()
    assert fake.count("forward_backward") == fake.count("optim_step") == 3


def test_without_any_advantage_nothing_is_sent(fake: FakeTinker, tiny_model: Path) -> None:
    """Adam would make a whole step of noise."""
    trainer = opened(fake, tiny_model)
    report = trainer.update([replace(datum, advantages_T=(0.0,) * len(datum.token_ids_T)) for datum in DATA], 1e-3)
    trainer.release()
    assert report.num_gradient_steps == 0 and report.no_update_reason is not None
    assert fake.count("forward_backward") == 0


def test_what_is_saved_goes_on_with_its_optimizer(fake: FakeTinker, tiny_model: Path, tmp_path: Path) -> None:
    """Paths are the service's; two saves never share a name."""
    trainer = opened(fake, tiny_model)
    trainer.save(tmp_path / "one")
    trainer.save(tmp_path / "two")
    trainer.release()
    names = [body["path"] for body in asked(fake, "save_weights")]
    assert len(set(names)) == 2
    weights = read_weights(tmp_path / "one" / "adapter")
    assert weights == read_weights(tmp_path / "one" / "state")
    assert weights.state_path.startswith("tinker://run/weights/")
    assert adapter_digest(tmp_path / "one" / "adapter") != adapter_digest(tmp_path / "two" / "adapter")
    opened(fake, tiny_model, stepped(tmp_path / "one")).release()
    (loaded,) = asked(fake, "load_weights")
    assert (loaded["path"], loaded["optimizer"]) == (weights.state_path, True)


def test_from_another_run_the_weights_are_taken_and_not_the_optimizer(
    fake: FakeTinker, tiny_model: Path, tmp_path: Path
) -> None:
    """`base.adapter`: a policy without a state of its own."""
    trainer = opened(fake, tiny_model)
    trainer.save(tmp_path)
    trainer.release()
    begun = BASE.model_copy(update={"sampler_path": str(tmp_path / "adapter")})
    trainer = opened(fake, tiny_model, begun)
    (loaded,) = asked(fake, "load_weights")
    assert loaded["optimizer"] is False
    trainer.save(tmp_path / "next")
    trainer.release()
    first = read_weights(tmp_path / "adapter").sampler_path
    assert read_weights(tmp_path / "next" / "state").first_sampler_path == first


@pytest.mark.parametrize("teacher", ["live", "base"])
def test_the_teacher_is_the_policy_before_the_update_or_that_of_the_run(
    fake: FakeTinker, tiny_model: Path, tmp_path: Path, teacher: str
) -> None:
    """A run that began with the base model has that as its base teacher at every step."""
    trainer = opened(fake, tiny_model)
    trainer.save(tmp_path)
    trainer.release()
    trainer = opened(fake, tiny_model, stepped(tmp_path), teacher=teacher)
    assert trainer.teacher_score_many([(MESSAGES, (5, 6))]) == [(LOGPROB, LOGPROB)]
    trainer.release()
    (session,) = asked(fake, "create_sampling_session")
    wanted = read_weights(tmp_path / "state").sampler_path if teacher == "live" else None
    assert session.get("model_path") == wanted


def test_log_probabilities_that_are_none_leave_the_policy_as_it_was(fake: FakeTinker, tiny_model: Path) -> None:
    """NaN, or too few of them: an error, and nothing is saved."""
    trainer = opened(fake, tiny_model)
    fake.trained_logprobs = lambda num_tokens: [float("nan")] * num_tokens
    with pytest.raises(PolicyError, match="is nan, which no drawn token can have"):
        trainer.update(DATA, 1e-3)
    fake.trained_logprobs = lambda num_tokens: [LOGPROB] * (num_tokens - 1)
    with pytest.raises(PolicyError, match="22 tokens, but 21 log-probabilities"):
        trainer.update(DATA[:1], 1e-3)
    trainer.release()


def test_a_state_that_is_gone_says_what_to_remove(fake: FakeTinker, tiny_model: Path, tmp_path: Path) -> None:
    """The steps of the run are made anew."""
    trainer = opened(fake, tiny_model)
    trainer.save(tmp_path)
    trainer.release()
    fake.fault = lambda path, _: Reply({"detail": "no such checkpoint"}, 404) if path == "load_weights" else None
    with pytest.raises(PolicyError, match="going on from tinker://run/weights/.*404.*results/policies"):
        opened(fake, tiny_model, stepped(tmp_path))


def test_another_rank_an_entropy_bonus_and_whole_distributions_are_refused(
    fake: FakeTinker, tiny_model: Path, tmp_path: Path
) -> None:
    """The last two before the DAG already; here for whoever calls it by hand."""
    trainer = opened(fake, tiny_model)
    trainer.save(tmp_path)
    with pytest.raises(PolicyError, match="entropy"):
        trainer.update(DATA, 1e-3, entropy_coefficient=0.1)
    with pytest.raises(PolicyError, match="sdpo-topk"):
        trainer.distill([], 1e-3)
    trainer.release()
    with pytest.raises(PolicyError, match="has rank 8, the run asks for lora_rank 16"):
        opened(fake, tiny_model, stepped(tmp_path), lora_rank=16)
    with pytest.raises(PolicyError, match="sdpo-topk"):
        opened(fake, tiny_model, teacher="ema")
