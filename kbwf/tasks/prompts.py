"""How a task is put to a model, and what of the reference is needed for it.

Two styles: `forward_body` asks for the body of `ModelNew.forward` alone, `model_new` for a whole file.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from kbwf.errors import TaskError
from kbwf.records import Task

PromptStyle = Literal["forward_body", "model_new"]


class ReferenceModel(NamedTuple):
    """The parts of a reference that an answer is held against."""

    tree: ast.Module
    model: ast.ClassDef
    forward: ast.FunctionDef


_SYSTEM_FORWARD_BODY = (
    "You are an expert in fast PyTorch and GPU programming. You answer with Python statements only: the body of one"
    " method, without its def line, without a class, without Markdown and without explanation."
)

_SYSTEM_MODEL_NEW = (
    "You are an expert in GPU programming: PyTorch, Triton and CUDA C++. You answer with one complete Python file in a"
    " single fenced code block."
)


_MODE = "- Modules are in training mode: batch normalisation goes by the batch's own statistics, dropout is at work.\n"
_DEPENDS_ON_MODE = re.compile(r"batch_?norm|instance_?norm|dropout|rrelu|\.training\b", re.IGNORECASE)


def build_messages(task: Task, style: PromptStyle) -> tuple[dict[str, str], ...]:
    """System and user message for the task.

    Raises:
        TaskError: the reference has no `Model.forward`.
    """
    arguments = forward_arguments(task.reference_source)
    mode = _MODE if _DEPENDS_ON_MODE.search(task.reference_source) and task.module_mode == "train" else ""
    head = (
        f"Problem {task.problem_id}: {task.name}\n\n"
        "This is the reference. Its outputs define what is right, its running time is to be beaten.\n\n"
        f"```python\n{task.reference_source.strip()}\n```\n\n"
    )
    if style == "forward_body":
        system = _SYSTEM_FORWARD_BODY
        request = (
            f"Write the body of ModelNew.forward({arguments}). ModelNew inherits from Model, so that self has the"
            " attributes that Model.__init__ sets, and it lives in the same file as the reference.\n"
            "Requirements:\n"
            "- The same result as the reference for any input of these shapes: shape, dtype, device and values.\n"
            "- As fast as possible, at the same precision.\n"
            "- Inputs stay unchanged; nothing is remembered between calls.\n"
            f"{mode}- What the reference does not import is imported in the first lines of the body.\n"
            "- The last statement returns the result."
        )
    else:
        system = _SYSTEM_MODEL_NEW
        request = (
            f"Write a whole Python file with a class ModelNew(nn.Module) that replaces Model. Its __init__ takes the"
            f" arguments of Model.__init__ and creates the same parameters in the same order; its method is"
            f" forward({arguments}).\n"
            "Requirements:\n"
            "- The same result as the reference for any input of these shapes: shape, dtype, device and values.\n"
            "- As fast as possible, at the same precision. Own kernels are welcome: CUDA C++ inline, compiled with"
            " torch.utils.cpp_extension.load_inline, or Triton.\n"
            "- Inputs stay unchanged; nothing is remembered between calls.\n"
            f"{mode}- The file has all its imports, and no test code."
        )
    return ({"role": "system", "content": system}, {"role": "user", "content": head + request})


def messages_by_task(tasks: Iterable[Task], style: PromptStyle) -> dict[str, tuple[dict[str, str], ...]]:
    """The messages of each task by its id; one that is no problem in KernelBench's format has none."""
    return {task.task_id: build_messages(task, style) for task in tasks if not task.fault}


def forward_arguments(reference_source: str) -> str:
    """Parameter list of `Model.forward` as source, `self` included: `self, A, B`.

    Raises:
        TaskError: the source does not parse, or has no `Model.forward`.
    """
    return ast.unparse(reference_model(reference_source).forward.args)


def forward_body(reference_source: str) -> str:
    """Statements of `Model.forward` without indentation and docstring: what the identity policy answers.

    Raises:
        TaskError: the source does not parse, or has no `Model.forward`.
    """
    forward = reference_model(reference_source).forward
    statements = forward.body[1:] if ast.get_docstring(forward, clean=False) is not None else forward.body
    return source_of(reference_source, statements) or "pass"


def source_of(text: str | Sequence[str], statements: Sequence[ast.stmt]) -> str:
    """Consecutive statements of a parsed text, or of its lines, dedented.

    Comments survive if the statements' own lines say the same when they stand alone; otherwise, as after `def f(): x`
    or with a string that runs over several lines, the statements are written anew from the syntax tree.
    """
    if not statements:
        return ""
    lines = text.split("\n") if isinstance(text, str) else text
    first = min(node.lineno for node in (statements[0], *getattr(statements[0], "decorator_list", ())))
    as_written = textwrap.dedent("\n".join(lines[first - 1 : statements[-1].end_lineno])).strip("\n")
    try:
        if dump(ast.parse(as_written).body) == dump(statements):
            return as_written
    except SyntaxError:
        pass
    return "\n".join(ast.unparse(statement) for statement in statements)


def dump(nodes: Sequence[ast.AST]) -> list[str]:
    """What the statements mean, as text: layout and positions apart."""
    return [ast.dump(node) for node in nodes]


@lru_cache(maxsize=16)
def reference_model(reference_source: str) -> ReferenceModel:
    """`Model` and its `forward`, which may be that of a class it inherits from in the same file. Not to be changed.

    Raises:
        TaskError: the source does not parse, or has no `Model.forward`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(reference_source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TaskError(f"the reference is no Python source ({error}); restore the task's file") from error
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    pending, seen = ["Model"], set()
    while pending:
        name = pending.pop()
        if name in seen or name not in classes:
            continue
        seen.add(name)
        for member in classes[name].body:
            if isinstance(member, ast.FunctionDef) and member.name == "forward":
                return ReferenceModel(tree, classes["Model"], member)
        pending += [base.id for base in reversed(classes[name].bases) if isinstance(base, ast.Name)]
    raise TaskError("the reference has no Model.forward; a problem in KernelBench's format defines it")
