"""Answers as models write them, each against the kernel that a reader takes it to mean. Parsed only, never executed."""

import ast
import sys

import pytest

from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.prompts import PromptStyle
from kbwf.tasks.sources import load_task
from tests.tasks import answers_of_models as answers
from tests.tasks import chat_answers as chat
from tests.tasks import forms_of_answers as forms
from tests.tasks import further_answers as further
from tests.tasks import told_answers as told

TASK = load_task(TaskSettings(), 1)
REFERENCE = TASK.reference_source
FORWARD_BODY = {**answers.FORWARD_BODY, **further.FORWARD_BODY, **forms.FORWARD_BODY, **chat.FORWARD_BODY}


def statements(source: str) -> list[str]:
    """What the statements of a file mean, docstrings apart."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return [ast.dump(node) for node in tree.body]


def kernel_of(answer: str, style: PromptStyle) -> str:
    """The kernel of an answer that has one; it compiles."""
    extraction = extract_kernel(answer, TASK, style)
    assert extraction.kernel_source is not None, extraction.reason
    compile(extraction.kernel_source, "kernel", "exec")
    return extraction.kernel_source


def after_the_reference(kernel_source: str) -> list[str]:
    """What a kernel adds to the reference that it begins with."""
    both, reference = statements(kernel_source), statements(REFERENCE)
    assert both[: len(reference)] == reference
    return both[len(reference) :]


@pytest.mark.parametrize("name", FORWARD_BODY)
def test_an_answer_of_style_forward_body_gives_the_kernel_meant(name: str) -> None:
    """The reference, what stands beside `forward`, and `ModelNew` with that `forward`."""
    answer, meant = FORWARD_BODY[name]
    assert after_the_reference(kernel_of(answer, "forward_body")) == statements(meant)


@pytest.mark.parametrize("name", [*answers.MODEL_NEW, *forms.MODEL_NEW])
def test_an_answer_of_style_model_new_gives_the_file_meant(name: str) -> None:
    """The file as it is, whatever it came in."""
    answer, meant = {**answers.MODEL_NEW, **forms.MODEL_NEW}[name]
    assert statements(kernel_of(answer, "model_new")) == statements(meant)


@pytest.mark.parametrize("name", [*answers.AFTER_THE_REFERENCE, *forms.AFTER_THE_REFERENCE])
def test_an_answer_that_needs_the_reference_comes_after_it(name: str) -> None:
    """In style model_new too: its names are used, or imported from a file that is not there."""
    answer, meant = {**answers.AFTER_THE_REFERENCE, **forms.AFTER_THE_REFERENCE}[name]
    assert after_the_reference(kernel_of(answer, "model_new")) == statements(meant)


WITHOUT_A_BODY = {
    **answers.DOUBTFUL_FORWARD_BODY,
    **forms.WITHOUT_FORWARD_BODY,
    **chat.WITHOUT_FORWARD_BODY,
    **told.WITHOUT_FORWARD_BODY,
}


@pytest.mark.parametrize("name", WITHOUT_A_BODY)
def test_an_answer_without_a_body_says_why(name: str) -> None:
    """Refusals, prose, quotations of the reference, tests, tracebacks, choices, questions, what an answer rejects."""
    answer, reason = WITHOUT_A_BODY[name]
    extraction = extract_kernel(answer, TASK, "forward_body")
    assert extraction.kernel_source is None
    assert reason in extraction.reason


@pytest.mark.parametrize("name", forms.WITHOUT_MODEL_NEW)
def test_an_answer_without_model_new_says_why(name: str) -> None:
    """The same in style model_new."""
    answer, reason = forms.WITHOUT_MODEL_NEW[name]
    extraction = extract_kernel(answer, TASK, "model_new")
    assert extraction.kernel_source is None
    assert reason in extraction.reason


@pytest.mark.parametrize("name", answers.NEWER_SYNTAX)
def test_syntax_of_a_newer_python_is_read_where_it_runs(name: str) -> None:
    """Elsewhere the line counts as prose; the kernel is the same one."""
    answer, meant = answers.NEWER_SYNTAX[name]
    kernel_source = kernel_of(answer, "forward_body")
    if sys.version_info >= (3, 12):
        assert after_the_reference(kernel_source) == statements(meant)
    else:
        assert after_the_reference(kernel_source) == statements(answers.MEANT)


def test_the_answers_are_as_many_as_were_collected() -> None:
    """Of 107 answers 104 give a kernel, and the other three say why not."""
    with_kernel = (answers.FORWARD_BODY, answers.NEWER_SYNTAX, answers.MODEL_NEW, answers.AFTER_THE_REFERENCE)
    assert sum(map(len, with_kernel)) == 104
    assert len(answers.DOUBTFUL_FORWARD_BODY) == 3
