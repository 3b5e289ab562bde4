"""Facts about sampling and training on a GPU, on the tiny model in float64."""

import math
from pathlib import Path

import pytest

from kbwf.policies.local import LocalPolicy
from kbwf.policies.trainer import LocalTrainer
from kbwf.training.datums import Datum
from tests.builders import make_task

pytestmark = pytest.mark.gpu

TASK = make_task()

PROMPTS = [
    (TASK, ({"role": "user", "content": "Hi"},), 6, 1),
    (TASK, ({"role": "user", "content": "A rather longer question"},), 5, 2),
]


def test_samples_do_not_depend_on_what_else_is_in_the_batch(tiny_model: Path) -> None:
    """Static cache, two prompts of different length, together and alone."""
    policy = LocalPolicy(str(tiny_model), device="cuda", dtype="float64")
    together = policy.sample_many(PROMPTS, 1.0, 40)
    alone = [policy.sample(*prompt, 1.0, 40) for prompt in PROMPTS]
    assert [[draw.token_ids_T for draw in draws] for draws in together] == [
        [draw.token_ids_T for draw in draws] for draws in alone
    ]
    for (_, messages, *_), draws in zip(PROMPTS, together, strict=True):
        scored = policy.score(messages, [draw.token_ids_T for draw in draws])
        for draw, logprobs_T in zip(draws, scored, strict=True):
            assert logprobs_T == pytest.approx(draw.policy_logprobs_T, abs=1e-9)


def test_a_step_is_the_one_that_the_cpu_takes(tiny_model: Path, tmp_path: Path) -> None:
    """From the same adapter, with layers computed twice: loss and gradient agree, and a resumed run goes on."""
    data = [
        Datum(PROMPTS[0][1], (5, 6, 7), (-2.0, -3.0, -1.5), (1.0, 1.0, 1.0)),
        Datum(PROMPTS[1][1], (8, 9), (-2.5, -2.0), (-2.0, 0.5)),
    ]
    on_cpu = LocalTrainer(str(tiny_model), lora_rank=4, device="cpu", dtype="float64")
    on_cpu.update(data, 0.01)
    on_cpu.save(tmp_path)
    on_gpu = LocalTrainer(
        str(tiny_model),
        adapter=str(tmp_path / "adapter"),
        state=str(tmp_path / "state"),
        lora_rank=4,
        device="cuda",
        dtype="float64",
    )
    ours, theirs = on_gpu.update(data, 0.01), on_cpu.update(data, 0.01)
    # Whatever the weights are, transformers takes sines and cosines of positions in float32, and each device rounds.
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-6)
    assert ours.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-6)


def test_half_precision_trains(tiny_model: Path) -> None:
    """bfloat16 weights, float32 adapter; the ratio of what was just sampled is 1 to bfloat16's precision."""
    trainer = LocalTrainer(str(tiny_model), lora_rank=4, device="cuda", dtype="bfloat16")
    data = [
        Datum(messages, draw.token_ids_T, draw.policy_logprobs_T, (1.0,) * len(draw.token_ids_T))
        for (_, messages, *_), draws in zip(PROMPTS, trainer.sample_many(PROMPTS, 1.0, 40), strict=True)
        for draw in draws
    ]
    report = trainer.update(data, 1e-3)
    assert math.isfinite(report.loss) and report.gradient_norm > 0
    assert abs(report.kl_sample_train_nats) < 0.1
