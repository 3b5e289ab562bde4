"""What an answer shows without meaning it as its kernel: quotations of the reference, tests, drafts, passages."""

import ast
import re

from kbwf.records import Task
from kbwf.tasks.blocks import Block
from kbwf.tasks.names import KNOWN_MODULES, bound, loaded
from kbwf.tasks.offers import Offer
from kbwf.tasks.prompts import reference_model

_OTHER_LANGUAGES = frozenset({
    "c", "cpp", "c++", "cc", "cxx", "cu", "cuda", "ptx", "bash", "sh", "shell", "zsh", "console", "terminal", "yaml",
    "toml", "ini", "output", "log", "js", "javascript", "typescript", "java", "rust", "go", "css", "sql", "make",
    "cmake", "latex",
})  # fmt: skip
"""Languages in which `return x` may be a line too."""
_ASIDE = re.compile(
    r"\b(?:drafts?|(?:first|earlier|initial|other) (?:attempt|version|try|idea)|reference|original|naive"
    r"|(?<!not )slow(?:er)?|initial(?:ly)?|used to|started from|contrast|variant|hypothetical(?:ly)?|bonus|footnote"
    r"|not needed|in (?:numpy|jax|tensorflow|julia|matlab)"
    r"|baseline|replaces|before|old|previous(?:ly)?|compared?|comparison|equivalent(?:ly)?|unoptimi[sz]ed|current(?:ly)?"
    r"|alternative(?:ly)?|tests?|testing|usage|example|verify|benchmark|optional(?:ly)?|untested|deprecated|pseudo-?code"
    r"|tried|considered|less (?:accurate|precise|efficient|readable|safe|stable))\b",
    re.IGNORECASE,
)
_INTENDED_WORDS = r"final|answer|solution|optimi[sz]ed|improved|faster|corrected|fixed|rewritten|revised"
_INTENDED = re.compile(rf"\b(?:{_INTENDED_WORDS})\b", re.IGNORECASE)
_MEANT = re.compile(rf"\b(?:{_INTENDED_WORDS}|better|best|instead|new|use|sorry)\b", re.IGNORECASE)
"""The same, and words that say little where another case is spoken of."""
_OTHERWISE = re.compile(
    r"\bif (?!I\b).{1,200}\b(?:were|was|had|would|could|might|prefer)\b|^\W*were .{1,200}\bwould\b"
    r"|^\W*(?:for|in|with|on)\b.{1,200}\b(?:(?:you|one) (?:could|would|might|may)|(?:you|one)['’]d|(?:it|this) would)\b"
    r"|\b(?:you|one|someone) (?:could|might|may)\b|\bit would\b|\bhad .{1,60} been\b"
    r"|^\W*for (?:other|comparison|completeness)\b|\bsuppose\b|\bcase (?:where|when|that)\b|\bfall-?back\b",
    re.IGNORECASE,
)
"""The code of another case: `if A were 1-D, you would write`."""
_FORBIDDEN = re.compile(
    r"\b(?:never|(?:do|should|must|can|could|need)(?:n['’]t| ?not)|can['’]t)\b\W{1,4}(?:be )?"
    r"(?:do|use|used|write|written|call|try|run|return|submit|copy)\b"
    r"(?: (?:this|that|it|the following|these|like|so|as|code)\b|\W*$)"
    r"|(?:n['’]t|\bnot|\bnever) (?:work|run|compile|recommended|correct|valid|ok|what we want|(?:the|my) answer)\b\W*$"
    r"|^\W*(?:but |and )?not (?:this|like this|so)\W*$|(?:\brather than|\binstead of|\bas opposed to|\bunlike)\W*$"
    r"|^\W*don['’]t\W*$|^\W*avoid(?: (?:this|that|it|the following))?\W*$|\bto avoid\W*$|[❌✗✘🚫⛔👎]",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    r"(?<!not )(?<!n't )(?<!never )(?<!no )\b(?:unsafe|pitfalls?|counter-?examples?|broken|buggy"
    r"|bugs?|wrong|incorrect|invalid|bad|worse|mistakes?"
    r"|fail(?:s|ed|ing)?|crash(?:es|ed)?|rejected|discarded|abandoned|anti-?pattern|not to (?:do|write|use))\b"
    r"|(?:n['’]t|\bnot) (?:work|run|compile)\b|\b(?:better|faster|rather) than (?:writ|do|us)ing\b"
    r"|\bdid(?:n['’]t| not) (?:use|choose|take|pick|keep)\b"
    r"|\b(?:raise[sd]?|gives?|gave|throws?|threw|caused?s?|produce[sd]?) (?:an? |the )?(?:\w{1,20} )?"
    r"(?:\w{0,30}errors?|\w{0,30}exceptions?|nans?)\b|\berror (?:came|comes) from\b|\bunlike this\W*$",
    re.IGNORECASE,
)
"""The author says of the code that it is not the answer."""
_REJECTED_ALONE = re.compile(
    r"\b(?:broken|buggy|bug|wrong|incorrect|invalid|bad|mistake|failed|failing|crashed|rejected)\b"
    r"(?: (?:version|code|attempt|way|approach|kernel|one|answer|solution))?"
    r"(?: (?:was|is|were|would be|looks?|looked))?(?: like)?(?: this)?\W*$"
    r"|\b(?:this|which|that|following)\b(?: (?:one|version|code))?(?: (?:is|was|will|would))? ?"
    r"(?:fail(?:s|ed)?|crash(?:es|ed)?|wrong|broken|incorrect|bad)\b",
    re.IGNORECASE,
)
"""It says so of the block, and not of something that the block is better than."""
_OF_ANOTHER = re.compile(
    r"\b(?:reference|original|your|existing|current|given|baseline|torch|pytorch)\b", re.IGNORECASE
)
_MENDED = re.compile(
    r"\b(?:fix(?:ed|es)?|correct(?:ed|s)|final|instead(?! of\W*$)|revised|working|works|avoids?|avoiding|without"
    r"|no longer|replaced?|replaces|gone|sorry|repaired|resolved|solves?|answer is)\b(?!\W*$)"
    r"|\b(?:fixed|corrected|revised|working|gone|sorry)\b",
    re.IGNORECASE,
)
_OF_ANOTHER_CASE = re.compile(
    r"^\W*(?:if (?!I\b)[^.]{1,100} (?:were|was)|were|had|suppose)\b.{1,200}\bwould\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[.;!?](?:\s+(?=\S))|, (?:so|but|hence|thus|therefore)\b|\s[—–-]{1,2}\s")
_EMPHASIS = re.compile(r"[*_`]{1,3}")
_REJECTED_IN_A_COMMENT = re.compile(
    r"#\W*(?:wrong|broken|bad|incorrect|buggy|(?:don['’]t|do not|never) (?:do|use) (?:this|it)"
    r"|does(?:n['’]t| not) work)\b\W*(?:version|code|way|approach|kernel|one)?\W*"
    r"(?:(?:never|don['’]t) (?:do|use) (?:this|it)\W*)?",
    re.IGNORECASE,
)
"""A whole comment at the head of a block; what is wrong with another code stands in comments of good kernels."""
_ASKED = re.compile(
    r"\b(?:do|would|could|can|did|shall|should|may|is|are|what|which|how)\b[^.?!\n]{0,200}\?"
    r"|\bplease (?:confirm|clarify|provide)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\b(?:final|answer|solution|keep|stick|unchanged|corrected|revised|same)\b", re.IGNORECASE)
_DECLINED = re.compile(r"\b(?:sorry|cannot|can't|can’t|unable|won't|refuse)\b", re.IGNORECASE)


def is_aside(offer: Offer, block: Block) -> bool:
    """Whether other offers of the answer come first: a copy of the reference, or what its label puts aside.

    The heading that a block stands under decides where the line before it says nothing.
    """
    if offer.repeats_reference:
        return not _KEPT.search(block.label)
    if is_rejected(block) or block.is_footnote:
        return True
    for words in (_EMPHASIS.sub("", block.label), block.heading):
        if _OTHERWISE.search(words) and not _INTENDED.search(words):
            return True
        if _MEANT.search(words):
            return False
        if _ASIDE.search(words):
            return True
    return bool(_REJECTED.search(block.heading))


def is_rejected(block: Block, is_alone: bool = False) -> bool:
    """Whether the last clause before a block, or a comment at its head, says that the block is not the answer.

    Where it is the only code of the answer, the clause must say it of the block beyond doubt.
    """
    clause = _CLAUSE.split(_EMPHASIS.sub("", block.label).strip())[-1].strip().rstrip(":")
    head = block.text.lstrip().partition("\n")[0].strip()
    if is_alone and _OF_ANOTHER_CASE.search(clause):
        return True
    said = (_FORBIDDEN.search(clause) or _REJECTED.search(clause)) and not _MENDED.search(clause)
    if said and is_alone and not _FORBIDDEN.search(clause):
        said = _REJECTED_ALONE.search(clause) and not _OF_ANOTHER.search(clause)
    return bool(said or _REJECTED_IN_A_COMMENT.fullmatch(head))


def refusal(offer: Offer, block: Block, task: Task, answer: str) -> str:
    """Why a block of an answer that could be a kernel is not offered as one even if nothing else is; empty if it is."""
    label = block.label
    is_labelled_aside = block.is_footnote or bool(_ASIDE.search(label))
    if is_rejected(block, is_alone=True):
        return "the answer says of its code that it is not the answer"
    if offer.repeats_reference and _ASKED.search(answer) and not _KEPT.search(label):
        return "the answer only repeats the reference, and asks something"
    if offer.repeats_reference and (is_labelled_aside or _DECLINED.search(label)) and not _KEPT.search(label):
        return "the answer only quotes the reference"
    if not offer.is_sure and is_labelled_aside and not _MEANT.search(label):
        return "no return statement in the answer's code: it is a test"
    if offer.kind == "body" or not offer.is_sure:
        if block.language.lower() in _OTHER_LANGUAGES:
            return f"the answer is no Python, but {block.language}"
        if block.is_prose and (not offer.is_sure or offer.lacks - KNOWN_MODULES or _is_prose(offer, task)):
            return "no return statement in the answer: it is prose, or cut off"
    return ""


def _is_prose(offer: Offer, task: Task) -> bool:
    """Whether a body is rather one choice of several or a sentence: `return d` alone, or `return early`.

    A kernel computes something, of all inputs that the reference uses.
    """
    if offer.kind != "body":
        return False
    statements = offer.reading.tree.body
    first = next((at for at, node in enumerate(statements) if isinstance(node, ast.Return)), len(statements))
    is_name = first == 0 and isinstance(statements[0], ast.Return) and isinstance(statements[0].value, ast.Name)
    model = reference_model(task.reference_source).forward
    inputs = bound([model.args]) & loaded(model.body) - {"self"}
    return is_name or not inputs <= loaded(statements[: first + 1])


def is_passage(offer: Offer, others: list[Offer]) -> bool:
    """Whether a body is part of another offer's `forward`."""
    own = "\n".join(("", *offer.forward, ""))
    return offer.kind == "body" and any(
        (other.kind != "body" or len(other.forward) > len(offer.forward)) and own in "\n".join(("", *other.forward, ""))
        for other in others
    )
