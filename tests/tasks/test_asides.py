"""What an answer shows without meaning it."""

import pytest

from kbwf.settings import TaskSettings
from kbwf.tasks.asides import is_aside, is_passage, refusal
from kbwf.tasks.blocks import Block
from kbwf.tasks.offers import Offer, offer_of
from kbwf.tasks.python_text import read
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import BODY, CLASS, REFERENCE_BODY

TASK = load_task(TaskSettings(), 1)


def offered(text: str) -> Offer:
    """What a text offers in style forward_body."""
    return offer_of(read(text), TASK, "forward_body")


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        (BODY, "", False),
        (BODY, "Draft:", True),
        (BODY, "The naive way:", True),
        (BODY, "Instead of the naive way use", False),
        (BODY, "Test:", True),
        (BODY, "The latest version:", False),
        (REFERENCE_BODY, "", True),
        (REFERENCE_BODY, "Faster than the original:", True),
        (REFERENCE_BODY, "My final answer:", False),
    ],
)
def test_a_label_puts_a_block_aside(text: str, label: str, expected: bool) -> None:
    """A copy of the reference needs none; words that mean the kernel win."""
    assert is_aside(offered(text), Block(text, label=label)) == expected


@pytest.mark.parametrize(
    ("text", "block", "reason"),
    [
        (BODY, Block(""), ""),
        (BODY, Block("", label="Draft:"), ""),
        (REFERENCE_BODY, Block(""), ""),
        (REFERENCE_BODY, Block("", label="The original:"), "only quotes the reference"),
        (REFERENCE_BODY, Block("", label="Sorry, I can't improve"), "only quotes the reference"),
        (REFERENCE_BODY, Block("", label="I keep the original:"), ""),
        (f"def f(d, A):\n    {BODY}", Block("", label="Usage:"), "it is a test"),
        (BODY, Block("", language="cpp"), "no Python, but cpp"),
        (CLASS, Block("", language="cpp"), ""),
        (BODY, Block("", is_prose=True), ""),
        ("return early", Block("", is_prose=True), "it is prose"),
        ("return 1", Block("", is_prose=True), "it is prose"),
    ],
)
def test_what_is_no_kernel_although_it_could_be_is_refused(text: str, block: Block, reason: str) -> None:
    """Even where nothing else is offered."""
    said = refusal(offered(text), block, TASK, "")
    assert reason in said
    assert bool(reason) == bool(said)


def test_a_passage_of_another_kernel_is_none_of_its_own() -> None:
    """Statements in a row; the same body alone is no passage of itself."""
    whole = offered("def forward(self, d, A):\n    x = d.unsqueeze(1)\n    y = x * A\n    return y")
    assert is_passage(offered("y = x * A\nreturn y"), [whole])
    assert not is_passage(offered("x = d.unsqueeze(1)\nreturn y"), [whole])
    assert not is_passage(whole, [offered("return y")])
    assert not is_passage(offered(BODY), [offered(BODY)])
