"""Facts about the demo policy's corpus and about the description of starting policies."""

from pathlib import Path

import pytest

from kbwf.backends.local import LocalPolicy, folder_digest
from kbwf.config import Base, Demo, Prompt, Tasks
from kbwf.errors import PolicyError
from kbwf.stages.base_policy import demo_corpus, describe_policy, make_demo_policy
from kbwf.tasks.prompts import build_messages
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import load_suite


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo policy after one step: nothing learned, but loadable."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo_policy(Demo(num_steps=1, batch_size=1, num_threads=1), Tasks(), folder)
    return folder


def test_every_formulation_is_in_the_corpus_under_its_tasks_prompt() -> None:
    """As many examples as formulations; each prompt is the one that sampling will use."""
    corpus = demo_corpus(Tasks())
    suite = load_suite()
    assert len(corpus) == sum(len(entry.formulations) for entry in suite.values())
    first_id, first = next(iter(suite.items()))
    messages = build_messages(load_task(Tasks(), first_id), "forward_body")
    ours = [response for prompt, response, _ in corpus if prompt == messages]
    assert ours == [formulation.body for formulation in first.formulations]


def test_all_tasks_count_alike_and_plain_formulations_are_common() -> None:
    """The weights of a task add up to 1; plain ones to 0.68, or to 0.68/0.90 where there are no fast ones."""
    corpus = demo_corpus(Tasks())
    for problem_id, entry in load_suite().items():
        messages = build_messages(load_task(Tasks(), problem_id), "forward_body")
        weights = [weight for prompt, _, weight in corpus if prompt == messages]
        assert sum(weights) == pytest.approx(1.0)
        kinds = [formulation.kind for formulation in entry.formulations]
        plain = sum(weight for weight, kind in zip(weights, kinds, strict=True) if kind == "plain")
        assert plain == pytest.approx(0.68 if "fast" in kinds else 0.68 / 0.90)


def test_the_demo_policy_is_described_by_its_folder_and_digest(demo_folder: Path) -> None:
    """The base checkpoint names the folder, its content, and no optimizer step."""
    checkpoint = describe_policy("base", Base(), Prompt(), demo_folder)
    assert checkpoint.base_model == str(demo_folder)
    assert checkpoint.revision == folder_digest(demo_folder)
    assert (checkpoint.backend, checkpoint.step, checkpoint.sampler_path) == ("local", 0, None)
    assert LocalPolicy(checkpoint.base_model, checkpoint.revision, device="cpu")


def test_a_folder_can_be_the_base_policy(demo_folder: Path) -> None:
    """`base.model` names any folder that transformers can load."""
    checkpoint = describe_policy("base", Base(model=str(demo_folder)), Prompt(), None)
    assert checkpoint.base_model == str(demo_folder)


def test_identity_needs_no_model() -> None:
    """It has its own backend and no weights."""
    checkpoint = describe_policy("identity", Base(), Prompt(), None)
    assert (checkpoint.backend, checkpoint.base_model, checkpoint.revision) == ("identity", None, None)


def test_bad_policies_are_refused_before_anything_is_sampled(demo_folder: Path, tmp_path: Path) -> None:
    """Missing folder, no demo folder, a revision of a folder, an unknown id, a model without chat template."""
    with pytest.raises(PolicyError, match="is no folder"):
        describe_policy("base", Base(model=str(tmp_path / "nowhere")), Prompt(), None)
    with pytest.raises(PolicyError, match="train it first"):
        describe_policy("base", Base(), Prompt(), None)
    with pytest.raises(PolicyError, match=r"base\.revision 'main' goes with a Hugging Face name"):
        describe_policy("base", Base(revision="main"), Prompt(), demo_folder)
    with pytest.raises(PolicyError, match="'other' is not described here"):
        describe_policy("other", Base(), Prompt(), demo_folder)
    for file in demo_folder.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(PolicyError, match="no chat template"):
        describe_policy("base", Base(model=str(tmp_path)), Prompt(), None)
    assert describe_policy("base", Base(model=str(tmp_path)), Prompt(chat_template="plain"), None)
