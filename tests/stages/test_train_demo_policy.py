"""The demo policy's corpus."""

import pytest

from kbwf.settings import TaskSettings
from kbwf.stages.train_demo_policy import demo_corpus
from kbwf.tasks.prompts import build_messages
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import load_suite


def test_every_formulation_is_in_the_corpus_under_its_tasks_prompt() -> None:
    """As many examples as formulations; each prompt is the one that sampling will use."""
    corpus = demo_corpus(TaskSettings())
    suite = load_suite()
    assert len(corpus) == sum(len(entry.formulations) for entry in suite.values())
    first_id, first = next(iter(suite.items()))
    messages = build_messages(load_task(TaskSettings(), first_id), "forward_body")
    ours = [response for prompt, response, _ in corpus if prompt == messages]
    assert ours == [formulation.body for formulation in first.formulations]


def test_all_tasks_count_alike_and_plain_formulations_are_common() -> None:
    """The weights of a task add up to 1; plain ones to 0.68, or to 0.68/0.90 where there are no fast ones."""
    corpus = demo_corpus(TaskSettings())
    for problem_id, entry in load_suite().items():
        messages = build_messages(load_task(TaskSettings(), problem_id), "forward_body")
        weights = [weight for prompt, _, weight in corpus if prompt == messages]
        assert sum(weights) == pytest.approx(1.0)
        kinds = [formulation.kind for formulation in entry.formulations]
        plain = sum(weight for weight, kind in zip(weights, kinds, strict=True) if kind == "plain")
        assert plain == pytest.approx(0.68 if "fast" in kinds else 0.68 / 0.90)
