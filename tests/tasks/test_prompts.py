"""Prompts, and what is read from a reference."""

import pytest

from kbwf.errors import TaskError
from kbwf.settings import TaskSettings
from kbwf.tasks.prompts import build_messages, forward_arguments, forward_body
from kbwf.tasks.sources import load_task
from tests.builders import make_task

REFERENCE = '''
class Other:
    def forward(self, nothing):
        return nothing

class Model(nn.Module):
    def forward(self, x: torch.Tensor, y=None, *rest):
        """Says what it does.

        At length.
        """
        # A comment.
        if y is None:
            return x  # another
        return x + y
'''


def test_arguments_are_those_of_model_forward_as_written() -> None:
    """Annotations and defaults are part of them."""
    assert forward_arguments(REFERENCE) == "self, x: torch.Tensor, y=None, *rest"


def test_body_is_dedented_and_loses_its_docstring() -> None:
    """Comments inside stay."""
    assert forward_body(REFERENCE) == "if y is None:\n    return x  # another\nreturn x + y"


def test_body_on_the_line_of_def_is_written_anew() -> None:
    """The line alone would repeat the def."""
    assert forward_body("class Model:\n  def forward(self, x): y = x; return y") == "y = x\nreturn y"


def test_string_over_several_lines_keeps_its_value() -> None:
    """Dedenting would change it."""
    body = forward_body('class Model:\n    def forward(self, x):\n        s = """a\n        b"""\n        return s')
    assert body == "s = 'a\\n        b'\nreturn s"


@pytest.mark.parametrize("source", ["class Model: pass", "def forward(self): pass", "class Model(", "a\0"])
def test_reference_without_forward_is_a_task_error(source: str) -> None:
    """Whether it parses or not."""
    with pytest.raises(TaskError):
        forward_body(source)


@pytest.mark.parametrize("style", ["forward_body", "model_new"])
def test_prompt_holds_problem_reference_and_arguments(style: str) -> None:
    """A system message, then the user's."""
    task = load_task(TaskSettings(), 2)
    system, user = build_messages(task, style)  # type: ignore[arg-type]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "Problem 2: Chained_matvec" in user["content"]
    assert task.reference_source.strip() in user["content"]
    assert "forward(self, A, B, v)" in user["content"]


def test_styles_ask_for_different_things() -> None:
    """A body without class and fences, or a whole file in a fence."""
    task = load_task(TaskSettings(), 2)
    body, whole = build_messages(task, "forward_body"), build_messages(task, "model_new")
    assert "body of ModelNew.forward" in body[1]["content"]
    assert "class ModelNew(nn.Module)" in whole[1]["content"]
    assert "Triton" in whole[1]["content"]
    assert "Triton" not in body[1]["content"]


@pytest.mark.parametrize("style", ["forward_body", "model_new"])
@pytest.mark.parametrize(
    ("layer", "mode", "is_said"),
    [
        ("nn.BatchNorm2d(3)", "train", True), ("nn.Dropout(0.1)", "train", True), ("nn.BatchNorm2d(3)", "eval", False),
        ("nn.Linear(3, 3)", "train", False),
    ],
)  # fmt: skip
def test_the_mode_of_modules_is_said_where_it_matters(style: str, layer: str, mode: str, is_said: bool) -> None:
    """A normalisation by running statistics would be wrong in training mode; of other tasks nothing is said."""
    source = REFERENCE.replace("    def forward(self, x: ", f"    layer = {layer}\n\n    def forward(self, x: ")
    task = make_task(1, reference_source=source).model_copy(update={"module_mode": mode})
    _, user = build_messages(task, style)  # type: ignore[arg-type]
    assert ("in training mode" in user["content"]) == is_said
