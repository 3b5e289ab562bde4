"""The over-sharpening probe: how likely a policy finds fixed samples that the base policy drew."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from kbwf.errors import RecordError
from kbwf.policies.protocols import PolicyModule, Scorer
from kbwf.policies.table import BACKENDS
from kbwf.records import Checkpoint, ProbeScore, ScoredSample, Task
from kbwf.records.base import canonical_json, sha256_of
from kbwf.settings import PromptSettings
from kbwf.store import read_record, read_records, write_records
from kbwf.tasks.prompts import messages_by_task


def probe_policy(
    policy: Path,
    base: dict[str, Any],
    prompt: PromptSettings,
    tasks: Sequence[Path],
    scored: Sequence[Path],
    output: Path,
) -> str:
    """Write one `ProbeScore` per sample, by task and index; returns a line for the log.

    Args:
        policy: checkpoint of the policy that scores.
        base: what its backend is told.
        scored: files of the samples that are scored.

    Raises:
        PolicyError: the policy cannot be loaded, or a sample does not fit its context.
        RecordError: samples of a task that was not passed, or drawn from another prompt.
    """
    checkpoint = read_record(policy, Checkpoint)
    samples = [one.sample for path in scored for one in read_records(path, ScoredSample)]
    samples = sorted(
        (one for one in samples if one.token_ids_T), key=lambda one: (one.task_id, one.seed, one.sample_idx)
    )
    messages_of = messages_by_task((read_record(path, Task) for path in tasks), prompt.style)
    for sample in samples:
        messages = messages_of.get(sample.task_id)
        if messages is None or sha256_of(canonical_json(list(messages))) != sample.prompt_sha256:
            raise RecordError(
                f"{sample.origin} was drawn from a prompt that is not that of the tasks passed; sample it again"
            )
    module = cast(PolicyModule, importlib.import_module(BACKENDS[checkpoint.backend].module))
    scorer = cast(Scorer, module.open_sampler(checkpoint, base, prompt))
    passages = [(messages_of[sample.task_id], sample.token_ids_T or ()) for sample in samples]
    scores = []
    for sample, logprobs_T in zip(samples, scorer.score_many(passages), strict=True):
        nll_nats = 0.0 - sum(logprobs_T)
        scores.append(
            ProbeScore(
                **sample.origin.model_dump(),
                probed_policy_id=checkpoint.policy_id,
                nll_sum_nats=nll_nats,
                nll_mean_nats=nll_nats / len(logprobs_T),
            )
        )
    write_records(output, scores)
    return f"{checkpoint.policy_id}: {len(scores)} samples scored"
