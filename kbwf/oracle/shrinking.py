"""Problems made for a GPU, at sizes that a CPU judges in milliseconds: the same program, smaller numbers."""

import ast

import torch

from kbwf.errors import TaskError
from kbwf.sandbox.problem import load_module
from kbwf.verdict.variations import tensors_of

MAX_ELEMENTS = 1 << 18
"""Of inputs and outputs together."""
_MAX_ELEMENTS_AT_ALL = 1 << 24
_SMALLEST = 16
"""Numbers up to this are kernel sizes, groups and the like, and stay."""
_DRAWING = ("get_inputs", "get_init_inputs")


def shrunk(reference_source: str) -> str:
    """The problem with its largest sizes halved until it is small.

    Sizes are the whole numbers at the module's top level and where inputs are drawn. All that are equally large are
    halved together, so that what must be equal stays so; those that do not go together with the others stay.

    Raises:
        TaskError: it stays too large for this machine.
    """
    tree = ast.parse(reference_source)
    drawing = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign) or (isinstance(node, ast.FunctionDef) and node.name in _DRAWING)
    ]
    sizes = [
        node
        for statement in drawing
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value > _SMALLEST
    ]
    num_elements = _num_elements(ast.unparse(tree))
    while num_elements > MAX_ELEMENTS and sizes:
        largest = max(int(size.value) for size in sizes)  # type: ignore[arg-type]
        halved = [size for size in sizes if size.value == largest]
        for size in halved:
            size.value = largest // 2
        try:
            num_elements = _num_elements(ast.unparse(tree))
        except Exception:  # whatever a program raises at sizes that do not go together
            for size in halved:
                size.value = largest
            sizes = [size for size in sizes if size.value != largest]
        sizes = [size for size in sizes if int(size.value) > _SMALLEST]  # type: ignore[arg-type]
    if num_elements > _MAX_ELEMENTS_AT_ALL:
        raise TaskError(f"{num_elements} values of inputs and outputs are too many for a CPU, and cannot be made fewer")
    return ast.unparse(tree)


def _num_elements(source: str) -> int:
    """Of inputs and outputs, without any memory for them."""
    with torch.device("meta"), torch.no_grad():
        module = load_module(source, "sizes")
        inputs = module.get_inputs()
        outputs = module.Model(*module.get_init_inputs())(*inputs)
        return sum(tensor.numel() for tensor in tensors_of([inputs, outputs]))
