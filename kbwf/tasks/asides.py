"""What an answer shows without meaning it as its kernel: quotations of the reference, tests, drafts, passages."""

import re

from kbwf.records import Task
from kbwf.tasks.names import KNOWN_MODULES, bound, loaded
from kbwf.tasks.offers import Offer
from kbwf.tasks.packaging import Block
from kbwf.tasks.prompts import reference_model

_OTHER_LANGUAGES = frozenset({
    "c", "cpp", "c++", "cc", "cxx", "cu", "cuda", "ptx", "bash", "sh", "shell", "zsh", "console", "terminal", "yaml",
    "toml", "ini", "output", "log", "js", "javascript", "typescript", "java", "rust", "go", "css", "sql", "make",
    "cmake", "latex",
})  # fmt: skip
"""Languages in which `return x` may be a line too."""
_ASIDE = re.compile(
    r"\b(?:draft|first attempt|reference|original|naive|slow|baseline|replaces|wrong|incorrect|avoid|before|old"
    r"|previous|compared?|comparison|equivalent(?:ly)?|unoptimi[sz]ed|current(?:ly)?|alternative(?:ly)?|tests?|testing|usage|example"
    r"|verify|benchmark)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"\b(?:final|answer|solution|optimi[sz]ed|improved|faster|better|instead|corrected|fixed|new|rewritten|revised|use)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\b(?:final|answer|solution|keep|stick|unchanged|corrected|revised|same)\b", re.IGNORECASE)
_DECLINED = re.compile(r"\b(?:sorry|cannot|can't|can’t|unable|won't|refuse)\b", re.IGNORECASE)


def is_aside(offer: Offer, block: Block) -> bool:
    """Whether other offers of the answer come first: a copy of the reference, or what its label puts aside."""
    if offer.repeats_reference:
        return not _KEPT.search(block.label)
    return bool(_ASIDE.search(block.label)) and not _MEANT.search(block.label)


def refusal(offer: Offer, block: Block, task: Task) -> str:
    """Why a block that could be a kernel is not offered as one even if it is the only one; empty if it is."""
    label = block.label
    if offer.repeats_reference and (_ASIDE.search(label) or _DECLINED.search(label)) and not _KEPT.search(label):
        return "the answer only quotes the reference"
    if not offer.is_sure and _ASIDE.search(label) and not _MEANT.search(label):
        return "no return statement in the answer's code: it is a test"
    if offer.kind == "body" or not offer.is_sure:
        if block.language.lower() in _OTHER_LANGUAGES:
            return f"the answer is no Python, but {block.language}"
        inputs = bound([reference_model(task.reference_source).forward.args])
        is_about_them = bool(inputs & loaded(offer.reading.tree.body))
        if block.is_prose and (not offer.is_sure or offer.lacks - KNOWN_MODULES or not is_about_them):
            return "no return statement in the answer: it is prose, or cut off"
    return ""


def is_passage(offer: Offer, others: list[Offer]) -> bool:
    """Whether a body is part of another offer's `forward`."""
    own = "\n".join(("", *offer.forward, ""))
    return offer.kind == "body" and any(
        (other.kind != "body" or len(other.forward) > len(offer.forward)) and own in "\n".join(("", *other.forward, ""))
        for other in others
    )
