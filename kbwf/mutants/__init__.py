"""Mutants: right kernels with one mistake each, made mechanically, to measure what a judge lets through.

A rule changes the syntax tree of a file that defines `ModelNew`. Nothing is executed here; a mutant that does not run,
or that computes the same, is found out by whoever runs it (`kbwf.oracle`).
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from kbwf.mutants import answers, arithmetic, functions, positions, precision
from kbwf.mutants.rewriting import Rule, forward_of

RULES: tuple[Rule, ...] = (*positions.RULES, *arithmetic.RULES, *functions.RULES, *precision.RULES, *answers.RULES)


@dataclass(frozen=True)
class Mutant:
    """One kernel with one mistake."""

    rule: str
    number: int
    """Among the mutants that this rule makes of this kernel, from 0."""
    source: str
    """A whole file, written anew from its syntax tree."""
    kernel_source: str
    """What it was made from, written anew likewise."""

    @property
    def change(self) -> str:
        """The lines that the kernel did not have; if there are none, those that it lost, after a minus."""
        lines = list(difflib.unified_diff(self.kernel_source.splitlines(), self.source.splitlines(), n=0))[2:]
        added, lost = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "+-")
        return "; ".join(added) if added else "- " + "; ".join(lost)


def mutants_of(kernel_source: str) -> Iterator[Mutant]:
    """All mutants of a kernel, each text once, none equal to the kernel.

    Args:
        kernel_source: a file that defines `ModelNew` with `forward`.

    Raises:
        SyntaxError: it does not parse.
        ValueError: it defines no such class.
    """
    tree = ast.parse(kernel_source)
    forward_of(tree)
    original = ast.unparse(tree)
    seen = {original}
    for rule in RULES:
        for number, mutant in enumerate(rule.apply(tree)):
            source = ast.unparse(ast.fix_missing_locations(mutant))
            if source not in seen:
                seen.add(source)
                yield Mutant(rule.name, number, source, original)
