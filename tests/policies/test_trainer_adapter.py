"""Facts about a trainer's adapter and its state: how they begin, what is saved, and what is refused."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from kbwf.errors import PolicyError
from kbwf.policies.local import LocalPolicy
from tests.builders import make_task
from tests.policies.trainers import DATA, SHORT, largest_difference, make_trainer, weights

TASK = make_task()


def test_a_new_adapter_changes_nothing(tiny_model: Path) -> None:
    """Scores of the trainer before its first step are the base model's, to the last bit."""
    passages = [(datum.messages, datum.token_ids_T) for datum in DATA]
    plain = LocalPolicy(str(tiny_model), device="cpu", dtype="float64")
    assert make_trainer(tiny_model).score_many(passages) == plain.score_many(passages)


def test_only_the_adapter_changes(tiny_model: Path) -> None:
    """Base weights stay bit by bit; the zero factor moves in the first step, the random one in the second."""
    trainer = make_trainer(tiny_model)
    base, first = weights(trainer, trainable=False), weights(trainer)
    assert all("lora_" in name for name in first) and not any("lora_" in name for name in base)
    trainer.update(DATA, 0.01)
    second = weights(trainer)
    trainer.update(DATA, 0.01)
    third = weights(trainer)
    assert largest_difference(weights(trainer, trainable=False), base) == 0.0
    for name in first:
        assert (first[name] != second[name]).any() == ("lora_B" in name)
        assert (second[name] != third[name]).any()


def test_resuming_equals_no_interruption(tiny_model: Path, tmp_path: Path) -> None:
    """Steps 1-2-3 and 1-2, stop, 3: the weights differ by 0.0, in float32 as in use."""
    through = make_trainer(tiny_model, dtype="float32")
    for _ in range(2):
        through.update(DATA, 0.01)
    through.save(tmp_path)
    third = through.update(DATA, 0.01)
    resumed = make_trainer(
        tiny_model, dtype="float32", seed=99, adapter=str(tmp_path / "adapter"), state=str(tmp_path / "state")
    )
    assert resumed.update(DATA, 0.01) == third
    assert largest_difference(weights(resumed), weights(through)) == 0.0
    fresh = make_trainer(tiny_model, dtype="float32", adapter=str(tmp_path / "adapter"))
    fresh.update(DATA, 0.01)
    assert largest_difference(weights(fresh), weights(through)) > 0.0


def test_a_saved_policy_samples_and_scores_as_the_trainer_does(tiny_model: Path, tmp_path: Path) -> None:
    """`LocalPolicy` loads the adapter."""
    trainer = make_trainer(tiny_model)
    trainer.update(DATA, 0.05)
    trainer.save(tmp_path)
    policy = LocalPolicy(str(tiny_model), adapter=str(tmp_path / "adapter"), device="cpu", dtype="float64")
    assert policy.score(SHORT, [(5, 6, 7)])[0] == pytest.approx(trainer.score(SHORT, [(5, 6, 7)])[0], abs=1e-9)
    assert policy.sample(TASK, SHORT, 4, 1, 1.0, 10) == trainer.sample(TASK, SHORT, 4, 1, 1.0, 10)


def test_the_adapter_s_beginning_depends_on_the_seed_alone(tiny_model: Path) -> None:
    """Not on what was drawn before, and it draws nothing from the caller's random numbers."""
    first = weights(make_trainer(tiny_model, seed=1))
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    second = make_trainer(tiny_model, seed=1)
    assert torch.rand(1) == expected
    assert largest_difference(first, weights(second)) == 0.0
    assert largest_difference(first, weights(make_trainer(tiny_model, seed=2))) > 0.0


def test_a_rank_above_the_width_is_refused(tiny_model: Path) -> None:
    """The model is 32 wide; 32 itself is allowed."""
    with pytest.raises(PolicyError, match="lora_rank 33 is above the width 32"):
        make_trainer(tiny_model, lora_rank=33)
    make_trainer(tiny_model, lora_rank=32)


def test_adapter_and_state_must_be_there_and_fit(tiny_model: Path, tmp_path: Path) -> None:
    """No folder, another rank, no teacher where one is needed, a damaged file, state of other weights."""
    trainer = make_trainer(tiny_model)
    trainer.update(DATA, 0.01)
    trainer.save(tmp_path)
    adapter, state = str(tmp_path / "adapter"), tmp_path / "state"
    with pytest.raises(PolicyError, match=r"holds no adapter_config\.json"):
        make_trainer(tiny_model, adapter=str(tmp_path / "nowhere"))
    with pytest.raises(PolicyError, match="has rank 4, the run asks for lora_rank 8"):
        make_trainer(tiny_model, adapter=adapter, lora_rank=8)
    with pytest.raises(PolicyError, match=r"teacher\.safetensors cannot be loaded"):
        make_trainer(tiny_model, adapter=adapter, state=str(state), teacher="ema")
    tensors = load_file(state / "optimizer.safetensors")
    assert {name.rpartition("/")[2] for name in tensors} == {"step", "exp_avg", "exp_avg_sq"}
    (state / "optimizer.safetensors").write_bytes(b"not tensors")
    with pytest.raises(PolicyError, match=r"optimizer\.safetensors cannot be loaded"):
        make_trainer(tiny_model, adapter=adapter, state=str(state))


def test_weights_of_half_precision_are_trained_in_single_precision(tiny_model: Path) -> None:
    """A learning rate of 1e-5 would vanish in bfloat16."""
    trainer = make_trainer(tiny_model, dtype="bfloat16")
    assert {parameter.dtype for parameter in weights(trainer).values()} == {torch.float32}
    assert {parameter.dtype for parameter in weights(trainer, trainable=False).values()} == {torch.bfloat16}
    before = weights(trainer)
    assert math.isfinite(trainer.update(DATA, 1e-5).loss)
    assert 0 < largest_difference(weights(trainer), before) < 2e-5
