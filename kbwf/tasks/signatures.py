"""Whether an answer's `forward` can be called as the reference's is, and the parameter list that it gets."""

import ast
import copy
from typing import NamedTuple

_SELF_NAMES = {"self", "this", "_self", "slf"}


class Fitted(NamedTuple):
    """A parameter list of `ModelNew.forward`."""

    arguments: ast.arguments
    renamed: list[tuple[str, str]]
    """Pairs of a name in the answer and the parameter it stands for."""
    lacks_self: bool


def fitted(own: ast.arguments, reference: ast.arguments, is_method: bool) -> Fitted | None:
    """The parameter list for a `forward` with the answer's own parameters; None if the inputs do not fit into it.

    Inputs come by position. If the two lists differ in names and annotations only, the reference's is taken, so that
    kernels which differ in them alone are equal; else, with defaults or stars, the answer's without annotations. A
    plain function may lack `self`.
    """
    own, reference = _without_annotations(own), _without_annotations(reference)
    names = [argument.arg for argument in (*reference.posonlyargs, *reference.args)]
    lacks_self = not is_method and not _has_self(own, names)
    if lacks_self:
        (own.posonlyargs or own.args).insert(0, ast.arg(arg="self"))
    own_names = [argument.arg for argument in (*own.posonlyargs, *own.args)]
    required = [
        argument.arg for argument, default in zip(own.kwonlyargs, own.kw_defaults, strict=True) if default is None
    ]
    if required:
        return _by_keyword(own, reference, [*own_names, *required], lacks_self)
    is_simple = not (own.defaults or own.vararg or own.kwonlyargs or own.kwarg)
    if is_simple and len(own_names) == len(names) and not reference.vararg:
        renamed = [pair for pair in zip(own_names, names, strict=True) if pair[0] != pair[1]]
        return Fitted(reference, renamed, lacks_self)
    if ast.dump(own) == ast.dump(reference):
        return Fitted(reference, [], lacks_self)
    least, most = len(names) - len(reference.defaults), len(names)
    if reference.vararg and not own.vararg:
        return None
    takes_them = len(own_names) - len(own.defaults) <= most and (own.vararg is not None or len(own_names) >= least)
    return Fitted(own, [], lacks_self) if takes_them else None


def _by_keyword(own: ast.arguments, reference: ast.arguments, needed: list[str], lacks_self: bool) -> Fitted | None:
    """Parameters that the answer wants by keyword but calls as the reference does."""
    names = [argument.arg for argument in (*reference.posonlyargs, *reference.args)]
    if own.vararg or own.defaults or sorted(needed) != sorted(names):
        return None
    arguments = copy.deepcopy(reference)
    optional = [pair for pair in zip(own.kwonlyargs, own.kw_defaults, strict=True) if pair[1] is not None]
    arguments.kwonlyargs, arguments.kw_defaults = [pair[0] for pair in optional], [pair[1] for pair in optional]
    arguments.kwarg = own.kwarg
    return Fitted(arguments, [], lacks_self)


def _has_self(own: ast.arguments, names: list[str]) -> bool:
    """Whether the first parameter of a plain function is the model."""
    own_names = [argument.arg for argument in (*own.posonlyargs, *own.args)]
    if not own_names or own_names[0] in names[1:]:
        return False
    if own_names[0] in _SELF_NAMES:
        return True
    return own.vararg is None and len(own_names) - len(own.defaults) >= len(names)


def _without_annotations(arguments: ast.arguments) -> ast.arguments:
    plain = copy.deepcopy(arguments)
    for argument in ast.walk(plain):
        if isinstance(argument, ast.arg):
            argument.annotation = argument.type_comment = None
    return plain
