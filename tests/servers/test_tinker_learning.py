"""That training on Tinker learns: the toy of `make test-learning`, on a server of somebody else's."""

import logging
from pathlib import Path

import pytest

from kbwf.policies import tinker
from kbwf.policies.tinker_files import adapter_digest
from kbwf.policies.tinker_trainer import open_trainer
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings, PromptSettings
from kbwf.training.advantages import compute_advantages
from kbwf.training.datums import policy_gradient_data
from kbwf.training.rewards import rewards_of_step
from kbwf.training.rollouts import group_rollouts
from tests.builders import make_task
from tests.servers.tinker_server import TinkerServer
from tests.training.test_learning import LEARNING_RATE, MESSAGES_OF, ROLLOUTS_PER_TASK, base_policy, judged

pytest.importorskip("tinker", reason="the extra is not installed: pip install 'kbwf[tinker]'")
pytestmark = pytest.mark.servers

log = logging.getLogger(__name__)
NUM_STEPS = 20

__all__ = ["base_policy"]


@pytest.mark.usefixtures("tinker_key")
def test_the_mean_reward_rises_from_below_three_to_above_seven_tenths(base_policy: Path, tmp_path: Path) -> None:
    """Each step opens the policy and the trainer anew from what the step before has stored, as the jobs of a run do."""
    server = TinkerServer(base_policy, tmp_path / "server").start()
    try:
        means = trajectory(server, tmp_path)
    finally:
        server.kill()
    log.info("mean reward by step: %s", " ".join(f"{mean:.2f}" for mean in means))
    assert means[0] < 0.3
    assert means[-1] > 0.7


def trajectory(server: TinkerServer, folder: Path) -> list[float]:
    """Mean reward of each step."""
    fields = {"backend": "tinker", "model": str(server.model), "base_url": server.url, "logprobs_temperature": "one"}
    settings = BaseSettings.model_validate({**fields, "deadline_s": 300}).model_dump(mode="json")
    checkpoint = tinker.describe_policy("base", settings, PromptSettings(), None)
    means: list[float] = []
    for step in range(NUM_STEPS + 1):
        policy = tinker.open_sampler(checkpoint, settings, PromptSettings())
        prompts = [
            (make_task(), messages, ROLLOUTS_PER_TASK, 10 * step + position)
            for position, messages in enumerate(MESSAGES_OF.values())
        ]
        drawn = policy.sample_many(prompts, 1.0, 40)
        policy.release()
        rollouts = group_rollouts(
            judged(task_id, index, draw)
            for task_id, draws in zip(MESSAGES_OF, drawn, strict=True)
            for index, draw in enumerate(draws)
        )
        rewards_P_G = rewards_of_step(rollouts, "sparse").rewards_P_G
        means.append(float(rewards_P_G.mean()))
        advantages = compute_advantages("batch_normalized", rewards_P_G)
        if step < NUM_STEPS and advantages.no_update_reason is None:
            trainer = open_trainer(checkpoint, settings, "tokenizer", 16, 0, "live")
            trainer.update(policy_gradient_data(rollouts, MESSAGES_OF, advantages.advantages_P_G), LEARNING_RATE)
            trainer.save(folder / f"step{step + 1}")
            trainer.release()
            checkpoint = stored(folder / f"step{step + 1}", step + 1, str(server.model))
    return means


def stored(folder: Path, step: int, base_model: str) -> Checkpoint:
    """What a job of a run leaves."""
    return Checkpoint(
        policy_id=f"run_seed0.step{step}",
        backend="tinker",
        step=step,
        base_model=base_model,
        revision=None,
        sampler_path=str(folder / "adapter"),
        sampler_sha256=adapter_digest(folder / "adapter"),
        state_path=str(folder / "state"),
    )
