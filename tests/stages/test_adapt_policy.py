"""Facts about one update of a run, on a demo policy that has learnt nothing yet."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from kbwf.errors import KbwfError, PolicyError, RecordError
from kbwf.policies.adapter_files import adapter_digest
from kbwf.policies.local import describe_policy
from kbwf.records import Checkpoint, PolicyUpdate, ScoredSample
from kbwf.records.base import canonical_json, sha256_of
from kbwf.run_settings import RunSettings
from kbwf.settings import PromptSettings
from kbwf.stages.adapt_policy import Step, adapt_policy
from kbwf.store import read_record, write_record, write_records
from kbwf.tasks.prompts import build_messages
from tests.builders import make_scored, make_task

TASK = make_task()
PROMPT = PromptSettings()
BASE = {"model": "demo", "device": "cpu"}
TOKENS = (-1.0, -2.0, -1.5)
MIXED = (2.0, None, 1.5, None)
EQUAL = (None, None, None, None)


def rollouts_of(
    speedups: tuple[float | None, ...], policy_id: str, logprobs_T: tuple[float, ...]
) -> list[ScoredSample]:
    """Samples of the task's own prompt, with ordinary tokens."""
    prompt_sha256 = sha256_of(canonical_json(list(build_messages(TASK, PROMPT.style))))
    found = []
    for index, speedup in enumerate(speedups):
        scored = make_scored(index, speedup, logprobs_T, policy_id=policy_id)
        token_ids_T = tuple(10 + index + position for position in range(len(logprobs_T)))
        sample = scored.sample.model_copy(update={"prompt_sha256": prompt_sha256, "token_ids_T": token_ids_T})
        found.append(scored.model_copy(update={"sample": sample}))
    return found


@dataclass
class Run:
    """A run in a folder: one step after the other."""

    folder: Path
    settings: RunSettings

    def checkpoint(self, step: int) -> Path:
        """Of a step; step 0 is the base policy."""
        return self.folder / (f"r_seed0.step{step}" if step else "base") / "checkpoint.json"

    def step(
        self,
        step: int,
        speedups: tuple[float | None, ...] = MIXED,
        policy_id: str = "",
        logprobs_T: tuple[float, ...] = TOKENS,
    ) -> PolicyUpdate:
        """Make it from rollouts with these speedups."""
        task, scored = self.folder / "task.json", self.folder / f"scored{step}.jsonl"
        write_record(task, TASK)
        parent = "r_seed0.step" + str(step - 1) if step > 1 else "base"
        write_records(scored, rollouts_of(speedups, policy_id or parent, logprobs_T))
        output = self.checkpoint(step)
        this = Step(output.parent.name, "r_seed0", 0, step)
        adapt_policy(this, self.settings, BASE, PROMPT, self.checkpoint(step - 1), [task], [scored], output)
        return read_record(output.with_name("update.json"), PolicyUpdate)

    def weights(self, step: int) -> dict[str, torch.Tensor]:
        """The adapter's."""
        return load_file(self.checkpoint(step).parent / "adapter" / "adapter_model.safetensors")


def make_run(tmp_path: Path, demo_folder: Path, method: str, **settings: Any) -> Run:
    """With its base policy described; large steps, so that weights clearly move."""
    given = {"name": "r", "method": method, "tasks": [1], "learning_rate": 1e-3, "lora_rank": 4, **settings}
    run = Run(tmp_path, RunSettings.model_validate(given))
    write_record(run.checkpoint(0), describe_policy("base", BASE, PROMPT, demo_folder))
    return run


def has_moved(weights: dict[str, torch.Tensor]) -> bool:
    """Of a new adapter one factor is zero."""
    return any(tensor.any() for name, tensor in weights.items() if "lora_B" in name)


def test_an_update_writes_a_policy_and_how_it_came_to_be(tmp_path: Path, demo_folder: Path) -> None:
    """Checkpoint, adapter and state; rewards of 2, 0, 1.5 by the median 2 of the one before, and 0."""
    run = make_run(tmp_path, demo_folder, "grpo")
    update = run.step(1)
    checkpoint = read_record(run.checkpoint(1), Checkpoint)
    assert (checkpoint.policy_id, checkpoint.step) == ("r_seed0.step1", 1)
    assert checkpoint.sampler_path is not None
    assert checkpoint.sampler_sha256 == adapter_digest(Path(checkpoint.sampler_path))
    assert has_moved(run.weights(1))
    assert (update.parent_policy_id, update.num_rollouts, update.num_gradient_steps) == ("base", 4, 1)
    assert update.mean_reward == pytest.approx((2.0 + 0.75) / 4)
    assert update.reward_history == {"l0_p001": (2.0, 1.5)}
    assert (update.num_response_tokens, update.num_teacher_tokens, update.gpu_s) == (12, 0, 0.0)
    assert update.settings["learning_rate"] == 1e-3
    assert "patience" not in update.settings


def test_the_next_step_goes_on_from_weights_and_history(tmp_path: Path, demo_folder: Path) -> None:
    """Its rewards are by the median of the speedups before: 3 / 1.75."""
    run = make_run(tmp_path, demo_folder, "grpo")
    run.step(1)
    update = run.step(2, (3.0, None))
    assert update.mean_reward == pytest.approx(3.0 / 1.75 / 2)
    assert update.parent_policy_id == "r_seed0.step1"
    assert any((run.weights(2)[name] != tensor).any() for name, tensor in run.weights(1).items())


def test_equal_rewards_make_no_update_and_say_so(tmp_path: Path, demo_folder: Path) -> None:
    """The policy is the base policy, and the record has the reason."""
    run = make_run(tmp_path, demo_folder, "grpo")
    update = run.step(1, EQUAL)
    assert update.num_gradient_steps == 0
    assert update.no_update_reason == "all 4 rewards are 0: no sample is better than another"
    assert not has_moved(run.weights(1))


def test_a_teacher_without_a_solution_is_counted_and_teaches_all_the_same(tmp_path: Path, demo_folder: Path) -> None:
    """No sibling is correct: the teacher reads the feedback alone."""
    run = make_run(tmp_path, demo_folder, "sdpo", has_solution=True)
    update = run.step(1, EQUAL)
    assert update.num_rollouts_without_solution == 4
    assert update.num_gradient_steps == 1
    assert update.num_teacher_tokens > update.num_prompt_tokens
    assert has_moved(run.weights(1))


def test_both_self_distillations_count_what_their_teacher_reads(tmp_path: Path, demo_folder: Path) -> None:
    """The one correct rollout has no other to learn from; a moving average is kept for the next step."""
    run = make_run(tmp_path, demo_folder, "sdpo-topk", top_k=5)
    update = run.step(1, (2.0, None))
    assert update.num_rollouts_without_solution == 1
    assert update.num_teacher_tokens > 0
    assert (run.checkpoint(1).parent / "state" / "teacher.safetensors").is_file()


def test_a_guard_that_trips_ends_the_run_and_keeps_its_policy(tmp_path: Path, demo_folder: Path) -> None:
    """Reward falls from 0.94 to 0: this step and those after it are the policy before, and say why."""
    run = make_run(tmp_path, demo_folder, "rlvr", stop={"max_kl_nats": 1e6})
    assert run.step(1).stopped_reason is None
    collapsed, after = run.step(2, EQUAL), run.step(3)
    assert collapsed.stopped_reason is not None and "the mean reward fell from" in collapsed.stopped_reason
    assert after.stopped_reason == collapsed.stopped_reason
    assert (collapsed.num_gradient_steps, after.num_gradient_steps) == (0, 0)
    assert after.no_update_reason == f"the run has stopped before: {collapsed.stopped_reason}"
    for step in (2, 3):
        assert all(torch.equal(run.weights(step)[name], tensor) for name, tensor in run.weights(1).items())


def test_a_kl_above_its_limit_undoes_the_step(tmp_path: Path, demo_folder: Path) -> None:
    """Log-probabilities that the trainer does not find again: the step that showed it is not taken."""
    run = make_run(tmp_path, demo_folder, "rlvr", stop={"max_kl_nats": 1e-9})
    update = run.step(1, logprobs_T=(-0.1, -0.1, -0.1))
    assert update.stopped_reason is not None and "KL(sample, train) is" in update.stopped_reason
    assert update.kl_sample_train_nats > 1
    assert not has_moved(run.weights(1))


def test_a_rank_above_the_width_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    """The message names rank and width."""
    with pytest.raises(PolicyError, match="lora_rank 500 is above the width 192"):
        make_run(tmp_path, demo_folder, "grpo", lora_rank=500).step(1)


def test_a_response_that_does_not_fit_the_context_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    """Prompt and response together are too long."""
    with pytest.raises(PolicyError, match="has room for"):
        make_run(tmp_path, demo_folder, "grpo").step(1, logprobs_T=(-1.0,) * 4000)


def test_weights_that_give_no_numbers_are_refused(tmp_path: Path, demo_folder: Path) -> None:
    """An adapter of NaN: nothing is written."""
    run = make_run(tmp_path, demo_folder, "grpo")
    run.step(1)
    checkpoint = read_record(run.checkpoint(1), Checkpoint)
    adapter = run.checkpoint(1).parent / "adapter"
    save_file(
        {name: torch.full_like(tensor, float("nan")) for name, tensor in run.weights(1).items()},
        adapter / "adapter_model.safetensors",
    )
    damaged = checkpoint.model_copy(update={"sampler_sha256": adapter_digest(adapter)})
    write_record(run.checkpoint(1), damaged)
    with pytest.raises(PolicyError, match="NaN"):
        run.step(2)
    assert not run.checkpoint(2).exists()


def test_weights_that_changed_behind_the_checkpoint_are_refused(tmp_path: Path, demo_folder: Path) -> None:
    """Samples would belong to another policy than the record says."""
    run = make_run(tmp_path, demo_folder, "grpo")
    run.step(1)
    save_file(
        {name: tensor + 1 for name, tensor in run.weights(1).items()},
        run.checkpoint(1).parent / "adapter/adapter_model.safetensors",
    )
    with pytest.raises(PolicyError, match="has changed"):
        run.step(2)


def test_rollouts_of_another_policy_are_refused(tmp_path: Path, demo_folder: Path) -> None:
    """Step 1 learns from the base policy's."""
    with pytest.raises(RecordError, match=r"learns from rollouts of base, seed 0, got other, seed 0"):
        make_run(tmp_path, demo_folder, "grpo").step(1, policy_id="other")


def test_a_policy_that_cannot_be_trained_is_named(tmp_path: Path, demo_folder: Path) -> None:
    """The control has no weights."""
    run = make_run(tmp_path, demo_folder, "grpo")
    control = Checkpoint(policy_id="base", backend="control", step=0, base_model=None, revision=None)
    write_record(run.checkpoint(0), control)
    with pytest.raises(KbwfError, match="which cannot be trained"):
        run.step(1)


def test_a_run_can_begin_with_the_adapter_of_another(tmp_path: Path, demo_folder: Path) -> None:
    """The last step of one run, named as the base policy's adapter, is what the other's first step goes on from."""
    outer = make_run(tmp_path / "outer", demo_folder, "rlvr", stop={"max_kl_nats": 1e6})
    outer.step(1)
    adapter = outer.checkpoint(1).parent / "adapter"
    run = make_run(tmp_path / "inner", demo_folder, "grpo")
    base = describe_policy("base", {**BASE, "adapter": str(adapter)}, PROMPT, demo_folder)
    assert base.sampler_sha256 == adapter_digest(adapter)
    write_record(run.checkpoint(0), base)
    run.step(1, EQUAL)
    assert all(torch.equal(run.weights(1)[name], tensor) for name, tensor in outer.weights(1).items())
    run.step(1)
    assert any((run.weights(1)[name] != tensor).any() for name, tensor in outer.weights(1).items())
