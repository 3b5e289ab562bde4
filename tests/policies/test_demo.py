"""Facts about the training of the demo policy, on two tasks with two answers each."""

import logging
import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from kbwf.policies.demo import Example, _new_model, _pack, _train_tokenizer, response_loss, train_demo_policy
from kbwf.policies.local import LocalPolicy
from kbwf.policies.pretrained import folder_digest
from tests.builders import make_task

TASK = make_task()


def messages_of(name: str) -> tuple[dict[str, str], ...]:
    """A short prompt."""
    return ({"role": "system", "content": "Answer with a body."}, {"role": "user", "content": f"Task {name}.\nGo."})


CORPUS: list[Example] = [
    (messages_of("sum"), "return x.sum()", 0.9),
    (messages_of("sum"), "y = x.sum()\nreturn y", 0.1),
    (messages_of("double"), "return 2 * x", 0.9),
    (messages_of("double"), "return x + x", 0.1),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained long enough to know its four answers."""
    folder = tmp_path_factory.mktemp("demo")
    train_demo_policy(CORPUS, folder, seed=0, num_steps=120, batch_size=2, num_threads=1)
    return folder


def test_training_is_reproducible_bit_for_bit(tmp_path: Path) -> None:
    """Same arguments, same files; another seed, other weights."""
    for name, seed in (("first", 3), ("second", 3), ("third", 4)):
        train_demo_policy(CORPUS, tmp_path / name, seed, num_steps=3, batch_size=1, num_threads=1)
    assert folder_digest(tmp_path / "first") == folder_digest(tmp_path / "second")
    assert folder_digest(tmp_path / "first") != folder_digest(tmp_path / "third")


def test_training_leaves_threads_and_random_numbers_as_they_were(tmp_path: Path) -> None:
    """What the caller draws afterwards does not depend on the training."""
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    train_demo_policy(CORPUS, tmp_path, seed=0, num_steps=1, batch_size=1, num_threads=threads + 1)
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads


def test_answers_come_about_as_often_as_the_corpus_says(trained: Path) -> None:
    """Weights 0.9 and 0.1: of 200 samples nearly all are known, the common answer 70 to 98 per cent."""
    policy = LocalPolicy(str(trained), device="cpu")
    for name, common, rare in (
        ("sum", "return x.sum()", "y = x.sum()\nreturn y"),
        ("double", "return 2 * x", "return x + x"),
    ):
        texts = Counter(draw.text for draw in policy.sample(TASK, messages_of(name), 200, 1, 1.0, 60))
        assert texts[common] + texts[rare] >= 180
        assert 140 <= texts[common] <= 196
        assert texts[rare] >= 2


def test_the_model_ends_its_answers(trained: Path) -> None:
    """The end token is learned with the response."""
    draws = LocalPolicy(str(trained), device="cpu").sample(TASK, messages_of("sum"), 20, 1, 1.0, 100)
    assert sum(draw.finish_reason == "stop" for draw in draws) >= 18


def test_packed_responses_do_not_see_each_other() -> None:
    """The loss of a row with two responses is the weighted mean of the losses of rows with one each."""
    tokenizer = _train_tokenizer(CORPUS)
    torch.manual_seed(0)
    model = _new_model(tokenizer).eval().double()
    both = _pack(CORPUS[:2], tokenizer)[0]
    singles = [_pack([example], tokenizer)[0] for example in CORPUS[:2]]
    lengths = [len(row.target_ids_T) for row in singles]
    weights = [0.9 * lengths[0], 0.1 * lengths[1]]
    with torch.no_grad():
        losses = [response_loss(model, row).item() for row in singles]
        expected = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / sum(weights)
        assert response_loss(model, both).item() == pytest.approx(expected, abs=1e-5)


def test_the_loss_is_that_of_the_responses_alone(trained: Path) -> None:
    """It equals minus the mean of the log-probabilities that the policy gives the response and its end."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(trained)
    row = _pack(CORPUS[:1], tokenizer)[0]
    with torch.no_grad():
        loss = response_loss(AutoModelForCausalLM.from_pretrained(trained, dtype="float64"), row).item()
    policy = LocalPolicy(str(trained), device="cpu")
    policy._model.double()
    logprobs_T = policy.score(CORPUS[0][0], [tuple(row.target_ids_T.tolist())])[0]
    assert loss == pytest.approx(-math.fsum(logprobs_T) / len(logprobs_T), abs=1e-4)
    assert tokenizer.decode(row.target_ids_T, skip_special_tokens=True) == "return x.sum()"


def test_progress_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the latest, the last step says step, loss and time left."""
    with caplog.at_level(logging.INFO, logger="kbwf.policies.demo"):
        train_demo_policy(CORPUS, tmp_path, seed=0, num_steps=2, batch_size=1, num_threads=1)
    assert caplog.messages[-1].startswith("step 2 of 2, loss ")
    assert caplog.messages[-1].endswith(" 0 s left")
