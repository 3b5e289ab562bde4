"""Facts about the probe."""

from pathlib import Path

import pytest

from kbwf.errors import RecordError
from kbwf.policies.local import LocalPolicy, describe_policy
from kbwf.records import ProbeScore
from kbwf.settings import PromptSettings
from kbwf.stages.probe_policy import probe_policy
from kbwf.stages.sample_chunk import draw_chunk
from kbwf.store import read_records, write_record, write_records
from tests.builders import make_evaluation, make_scored, make_task

TASK = make_task()
BASE = {"model": "demo", "device": "cpu"}


def test_the_base_policy_finds_its_own_samples_as_likely_as_when_it_drew_them(
    tmp_path: Path, demo_folder: Path
) -> None:
    """NLL at temperature 1, whatever they were drawn at; up to the rounding of float32."""
    checkpoint = describe_policy("base", BASE, PromptSettings(), demo_folder)
    policy = LocalPolicy(str(demo_folder), device="cpu")
    samples = draw_chunk(policy, checkpoint, TASK, PromptSettings(), 5, 0, 3, 0.5, 8)
    scored = [
        make_scored(index, seed=5).model_copy(update={"sample": sample, "evaluation": make_evaluation(index, seed=5)})
        for index, sample in enumerate(samples)
    ]
    policy_path, task, samples_path = tmp_path / "base.json", tmp_path / "task.json", tmp_path / "scored.jsonl"
    write_record(policy_path, checkpoint)
    write_record(task, TASK)
    write_records(samples_path, scored)
    probe_policy(policy_path, BASE, PromptSettings(), [task], [samples_path], tmp_path / "probe.jsonl")
    scores = read_records(tmp_path / "probe.jsonl", ProbeScore)
    assert [(one.sample_idx, one.seed, one.policy_id, one.probed_policy_id) for one in scores] == [
        (index, 5, "base", "base") for index in range(3)
    ]
    for one, sample in zip(scores, samples, strict=True):
        assert one.nll_sum_nats == pytest.approx(sample.nll_sum_nats, rel=1e-3)
        assert one.nll_mean_nats == pytest.approx(one.nll_sum_nats / sample.num_tokens)


def test_samples_of_another_prompt_are_refused(tmp_path: Path, demo_folder: Path) -> None:
    """Their likelihood after this prompt would mean nothing."""
    policy_path, task, samples_path = tmp_path / "base.json", tmp_path / "task.json", tmp_path / "scored.jsonl"
    write_record(policy_path, describe_policy("base", BASE, PromptSettings(), demo_folder))
    write_record(task, TASK)
    write_records(samples_path, [make_scored(0)])
    with pytest.raises(RecordError, match="sample 0 was drawn from a prompt that is not that of the tasks passed"):
        probe_policy(policy_path, BASE, PromptSettings(), [task], [samples_path], tmp_path / "probe.jsonl")
