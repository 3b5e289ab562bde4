"""Answers that say in words which of their code is meant, and code that nobody means."""

import pytest

from kbwf.tasks.extraction import extract_kernel
from tests.tasks import told_answers as told
from tests.tasks.answers_of_models import BODY, FILE, MEANT, SCALE
from tests.tasks.test_answers import TASK, after_the_reference, kernel_of, statements

OTHER_FILE = FILE.replace(BODY, told.OTHER)


def fenced(code: str) -> str:
    """A block of Markdown."""
    return f"```python\n{code.rstrip()}\n```"


@pytest.mark.parametrize("label", [*told.REJECTED, *told.ASIDE])
def test_code_after_a_label_that_puts_it_aside_does_not_replace_the_kernel(label: str) -> None:
    """Before the kernel and after it, in either style."""
    for answer in (
        f"{fenced(BODY)}\n\n{label}\n\n{fenced(told.OTHER)}",
        f"{label}\n{fenced(told.OTHER)}\nHere it is:\n{fenced(BODY)}",
    ):
        assert after_the_reference(kernel_of(answer, "forward_body")) == statements(MEANT)
    answer = f"{fenced(FILE)}\n{label}\n{fenced(OTHER_FILE)}"
    assert statements(kernel_of(answer, "model_new")) == statements(FILE)


@pytest.mark.parametrize("label", told.MEANT_LABELS)
def test_code_after_a_label_that_means_it_is_the_kernel(label: str) -> None:
    """Alone, and after other code."""
    for before in ("", fenced(told.OTHER)):
        answer = f"{before}\n{label}\n{fenced(BODY)}"
        assert after_the_reference(kernel_of(answer, "forward_body")) == statements(MEANT)
    answer = f"{fenced(OTHER_FILE)}\n\n{label}\n{fenced(FILE)}"
    assert statements(kernel_of(answer, "model_new")) == statements(FILE)


@pytest.mark.parametrize("label", told.REJECTED)
def test_code_that_the_answer_rejects_is_no_kernel_even_alone(label: str) -> None:
    """The reason says so."""
    for style, code in (("forward_body", BODY), ("model_new", FILE)):
        extraction = extract_kernel(f"{label}\n{fenced(code)}\nI have no better one.", TASK, style)  # type: ignore[arg-type]
        assert extraction.kernel_source is None
        assert "not the answer" in extraction.reason


@pytest.mark.parametrize("name", told.GIVEN)
def test_the_kernel_is_the_one_that_the_answer_tells_of(name: str) -> None:
    """Beside rejected code, tracebacks, questions and files that belong together."""
    answer, meant = told.GIVEN[name]
    assert after_the_reference(kernel_of(answer, "forward_body")) == statements(meant)


@pytest.mark.parametrize("name", told.SECOND_FILES)
def test_two_files_of_an_answer_are_put_together(name: str) -> None:
    """The import of the one from the other is gone."""
    answer, meant = told.SECOND_FILES[name]
    assert statements(kernel_of(answer, "model_new")) == statements(SCALE + meant)
