"""Problems made for a GPU, at sizes that a CPU judges in milliseconds: the same program, smaller numbers."""

import ast

import torch

from kbwf.judge.variations import tensors_of
from kbwf.sandbox.problem import load_module

MAX_ELEMENTS = 1 << 18
"""Of inputs and outputs together."""
_SMALLEST = 16
"""Numbers up to this are kernel sizes, groups and the like, and stay."""
_DRAWING = ("get_inputs", "get_init_inputs")


def shrunk(reference_source: str) -> str:
    """The problem with its largest sizes halved until it is small; unchanged where that does not work.

    Sizes are the whole numbers at the module's top level and where inputs are drawn. All that are equally large are
    halved together, so that what must be equal stays so.
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
        if isinstance(node, ast.Constant) and type(node.value) is int
    ]
    try:
        while _num_elements(source := ast.unparse(tree)) > MAX_ELEMENTS:
            largest = max((int(size.value) for size in sizes), default=0)  # type: ignore[arg-type]
            if largest <= _SMALLEST:
                break
            for size in sizes:
                if size.value == largest:
                    size.value = largest // 2
    except Exception:  # whatever a program raises at sizes that do not go together
        return reference_source
    return source


def _num_elements(source: str) -> int:
    """Of inputs and outputs, without any memory for them."""
    with torch.device("meta"), torch.no_grad():
        module = load_module(source, "sizes")
        inputs = module.get_inputs()
        outputs = module.Model(*module.get_init_inputs())(*inputs)
        return sum(tensor.numel() for tensor in tensors_of([inputs, outputs]))
