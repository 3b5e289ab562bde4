"""From a response to a kernel, or to the reason why there is none. Nothing here raises, whatever the model wrote, and
nothing is executed.

The way: what of the response is the answer (`turns`), which of its blocks may be code (`packaging`), what each of them
offers as the kernel (`search`, `offers`), which offer is meant (here), and that one as a whole file (`placement`).
"""

import ast
import warnings
from dataclasses import dataclass

from kbwf.errors import TaskError
from kbwf.records import Task
from kbwf.records.base import sha256_of
from kbwf.tasks.asides import is_aside, is_passage
from kbwf.tasks.names import KNOWN_MODULES, binds
from kbwf.tasks.packaging import unescaped
from kbwf.tasks.placement import place, place_file
from kbwf.tasks.prompts import PromptStyle
from kbwf.tasks.python_text import UNPARSABLE, visible
from kbwf.tasks.search import Found, Search, with_line_feeds


@dataclass(frozen=True)
class Extraction:
    """A kernel, or the reason why the response holds none."""

    kernel_source: str | None
    """A whole file that parses and defines `ModelNew`."""
    reason: str
    """One line: why there is no kernel, or what of the answer is not in it; empty if all is."""


def extract_kernel(response: str, task: Task, style: PromptStyle) -> Extraction:
    """The kernel in a response.

    forward_body: a body, function or class, with what stands beside it, as `ModelNew` after the reference. model_new:
    the file that defines `ModelNew`, or failing that one with another class that has a `forward`; the reference goes
    before it if it uses names of it.
    """
    text = unescaped(with_line_feeds(response.removeprefix("\ufeff")))
    if not visible(text).strip():
        return Extraction(None, "empty response")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        return Extraction(None, "no text: the response holds a null byte or half a character")
    search = Search(task, style, len(text))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for found in search.offers(text):
                if extraction := _chosen(found, search, task, style):
                    return extraction
            return Extraction(None, _one_line(search.reason(text)))
        except TaskError as failure:
            return Extraction(None, _one_line(str(failure)))
        except UNPARSABLE as failure:
            return Extraction(None, f"the answer cannot be parsed: {type(failure).__name__}")


def kernel_digest(kernel_source: str) -> str:
    """Content address of a kernel: SHA-256 of its text, every character of it.

    A program can read its own comments, docstrings, layout and line numbers. Kernels that differ in nothing else
    are different programs, and one's measurement says nothing of the other.
    """
    return sha256_of(kernel_source)


def _chosen(found: list[Found], search: Search, task: Task, style: PromptStyle) -> Extraction | None:
    """The likeliest offer as a file.

    An aside ranks last: a copy of the reference, or what its label calls a draft, an original or a test. Then comes
    what lacks names, then what is not called `ModelNew` or `forward`; of equals the last one wins.
    """
    ranked = []
    found = [search.in_one_file(each, found) for each in found]
    for position, each in enumerate(found):
        if not is_passage(each.offer, [other.offer for other in found if other is not each]):
            helpers = search.helpers(each, found)
            lacks = each.offer.lacks - KNOWN_MODULES - {name for part in helpers for name in binds(part.node)}
            rank = (is_aside(each.offer, each.block), bool(lacks), not each.offer.is_sure, -position)
            ranked.append((rank, each, helpers))
    for _, (offer, _, rest), helpers in sorted(ranked, key=lambda entry: entry[0]):
        if reason := search.needs_a_file(offer):
            return Extraction(None, _one_line(reason))
        if style == "forward_body":
            kernel_source, not_taken = place(offer, helpers, task)
        else:
            kernel_source, not_taken = place_file(offer, helpers, task), []
        if "ModelNew" in {name for node in ast.parse(kernel_source).body for name in binds(node)}:
            not_taken += [rest.partition("\n")[0][:80]] if rest.strip() else []
            return Extraction(kernel_source, _one_line("not taken: " + "; ".join(not_taken)) if not_taken else "")
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
