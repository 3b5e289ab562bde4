"""What a piece of Python offers as the kernel."""

import pytest

from kbwf.settings import TaskSettings
from kbwf.tasks.fitness import NoKernelError
from kbwf.tasks.offers import offer_of
from kbwf.tasks.prompts import PromptStyle
from kbwf.tasks.python_text import read
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import BODY, CLASS, REFERENCE_BODY

TASK = load_task(TaskSettings(), 1)


@pytest.mark.parametrize(
    ("text", "style", "kind", "is_sure"),
    [
        (BODY, "forward_body", "body", True),
        (f"def f(x):\n    return x\n{BODY}", "forward_body", "body", True),
        (f"def forward(self, d, A):\n    {BODY}", "forward_body", "function", True),
        ("forward = lambda self, d, A: d * A", "forward_body", "function", True),
        (f"def other(d, A):\n    {BODY}", "forward_body", "function", False),
        (CLASS, "forward_body", "class", True),
        (f"def forward(self, d, A):\n    return d\n{CLASS}", "forward_body", "class", True),
        (CLASS.replace("ModelNew", "Fast"), "forward_body", "class", False),
        (CLASS.replace("ModelNew", "Fast") + "ModelNew = Fast", "forward_body", "file", True),
        ("if x:\n    " + CLASS.replace("\n", "\n    "), "forward_body", "file", True),
        (CLASS, "model_new", "file", True),
        (CLASS.replace("ModelNew", "Fast"), "model_new", "file", False),
    ],
)
def test_an_offer_is_of_a_kind(text: str, style: PromptStyle, kind: str, is_sure: bool) -> None:
    """By the names that the prompt gave, or by being the only thing that fits."""
    offer = offer_of(read(text), TASK, style)
    assert (offer.kind, offer.is_sure) == (kind, is_sure)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "no return statement"),
        ("return", "no return statement"),
        ("return None", "no return statement"),
        ("def f(d, A):\n    return d\ndef g(d, A):\n    return A", "no return statement"),
        ("def check(d, A):\n    return d", "no return statement"),
        ("def other(d, A):\n    return Model()(d, A)", "no return statement"),
        ("def other(d):\n    return d", "wrong signature"),
        ("def forward(self):\n    return 1", "wrong signature"),
        ("def forward(self, d, A):\n    yield d", "generator"),
        ("def forward(self, d, A):\n    pass", "forward does nothing"),
        ("return ModelNew()(d, A)", "a test of ModelNew"),
        ("class NaiveModel(nn.Module):\n    def forward(self, d, A):\n        return d", "no return statement"),
        (f"class Model(nn.Module):\n    def forward(self, d, A):\n        {REFERENCE_BODY}", "repeats the reference"),
    ],
)
def test_what_offers_nothing_says_why(text: str, message: str) -> None:
    """In style forward_body."""
    with pytest.raises(NoKernelError, match=message):
        offer_of(read(text), TASK, "forward_body")


def test_an_offer_knows_what_it_lacks() -> None:
    """Names of the reference and its inputs are there; `...` stands for more than is said."""
    assert offer_of(read("return torch.mul(d, A) * N"), TASK, "forward_body").lacks == set()
    assert offer_of(read("return scale(d, A)"), TASK, "forward_body").lacks == {"scale"}
    assert offer_of(read("...\nreturn d"), TASK, "forward_body").lacks == {"..."}
    assert offer_of(read("ModelNew = wrap(ModelNew)"), TASK, "model_new").lacks == {"wrap", "ModelNew"}


def test_an_offer_knows_whether_it_repeats_the_reference() -> None:
    """Statement by statement; a layout of its own makes no difference."""
    for text in (REFERENCE_BODY, "def forward(self, d, A):\n    'Doc.'\n    return (torch.diag(d)\n        @ A)"):
        assert offer_of(read(text), TASK, "forward_body").repeats_reference
    assert not offer_of(read(BODY), TASK, "forward_body").repeats_reference
