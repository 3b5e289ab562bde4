"""From a response to a kernel, or to the reason why there is none. Nothing here raises, whatever the model wrote, and
nothing is executed.

The way: what of the response is the answer (`turns`), which of its blocks may be code (`packaging`), what each offers as
the kernel (`offers`), and the likeliest as a whole file (`placement`). Text that is a kernel as it stands is never
unpacked, so that marks inside of its strings stay.
"""

import ast
import contextlib
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kbwf.errors import TaskError
from kbwf.records import Task
from kbwf.records.base import sha256_of
from kbwf.tasks.names import KNOWN_MODULES, binds, bound, lacking, loaded
from kbwf.tasks.offers import NoKernelError, Offer, has_return, offer_of
from kbwf.tasks.packaging import Block, unescaped, unpack
from kbwf.tasks.placement import Part, parts_of, place, place_file
from kbwf.tasks.prompts import PromptStyle, reference_model
from kbwf.tasks.python_text import UNPARSABLE, Reading, UnreadableError, leading_block, pieces, read
from kbwf.tasks.turns import answers

MAX_KERNEL_CHARS = 100_000
"""Longer code is no kernel: parsing must not take the memory or the time of a run. Reasoning and prose do not count."""
MAX_READ_CHARS = 4 * MAX_KERNEL_CHARS
MAX_READS = 64
"""Blocks that are parsed, the last of a response first."""
MAX_BLOCKS = 1_000
MAX_LAYERS = 6
MAX_UNPACKED_PER_CHAR = 16
"""How often, on average, a character may be looked at again in a further layer of packaging."""

_OTHER_LANGUAGES = frozenset(
    ["c", "cpp", "c++", "cc", "cxx", "cu", "cuda", "ptx", "bash", "sh", "shell", "zsh", "console", "terminal", "yaml", "toml",
     "ini", "output", "log", "js", "javascript", "typescript", "java", "rust", "go", "css", "sql", "make", "cmake", "latex"]
)  # fmt: skip
_LABEL_LINE = re.compile(r"\A\s*(?:python3?|py|code|answer|assistant|output|kernel)\s*:?[ \t]*\n", re.IGNORECASE)
_HEAD = re.compile(r"[ \t]*def \w+\(.*:[ \t]*$")
_TILDES = re.compile(r"^[ \t]*~~~", re.MULTILINE)
_ASIDE = re.compile(
    r"\b(?:draft|first attempt|reference|original|naive|slow|baseline|replaces|wrong|incorrect|avoid|before|old|previous"
    r"|compared?|comparison|equivalent|unoptimi[sz]ed|current|alternative|tests?|testing|usage|example|verify|benchmark)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"\b(?:final|answer|solution|optimi[sz]ed|improved|faster|better|instead|corrected|fixed|new|rewritten|revised|use)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\b(?:final|answer|solution|keep|stick|unchanged|corrected|revised|same)\b", re.IGNORECASE)
_DECLINED = re.compile(r"\b(?:sorry|cannot|can't|can’t|unable|won't|refuse)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Extraction:
    """A kernel, or the reason why the response holds none."""

    kernel_source: str | None
    """A whole file that parses and defines `ModelNew`."""
    reason: str
    """One line: why there is no kernel, or what of the answer is not in it; empty if all is."""


class _Found(NamedTuple):
    offer: Offer
    block: Block


def extract_kernel(response: str, task: Task, style: PromptStyle) -> Extraction:
    """The kernel in a response.

    forward_body: a whole function or class is reduced to its `forward`, with what stands beside it, and placed into
    `ModelNew` after the reference. model_new: the last block that defines `ModelNew`, or failing that the one class with
    a `forward`. If it uses names of the reference, the reference goes before it.
    """
    text = unescaped(response.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        return Extraction(None, "empty response")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        return Extraction(None, "no text: the response holds a null byte or half a character")
    search = _Search(task, style, len(text))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for found in search.offers(text):
                extraction = search.chosen(found)
                if extraction is not None:
                    return extraction
        except TaskError as error:
            return Extraction(None, _one_line(str(error)))
        return Extraction(None, _one_line(search.reason(text)))


def kernel_digest(kernel_source: str) -> str:
    """Content address of a kernel: SHA-256 of its syntax tree, so that comments, docstrings and layout do not count.

    Text that does not parse is hashed as it is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(kernel_source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
                ast.get_docstring(node, clean=False) is not None
            ):
                node.body = node.body[1:]
        return sha256_of(ast.dump(tree))
    except UNPARSABLE:
        return sha256_of(kernel_source.encode("utf-8", "backslashreplace").decode())


class _Search:
    """The blocks of one response that were read, within bounds on their number and length."""

    def __init__(self, task: Task, style: PromptStyle, num_chars: int) -> None:
        self._task = task
        self._style = style
        self._num_blocks = self._num_reads = self._num_read_chars = 0
        self._num_unpacked_chars_left = MAX_UNPACKED_PER_CHAR * num_chars + MAX_KERNEL_CHARS
        self._seen: set[str] = set()
        self._code: list[str] = []
        """Blocks that offer nothing themselves, the last first: an offer may need a helper of theirs."""
        self._reasons: list[tuple[int, str]] = []

    def offers(self, text: str) -> Iterator[list[_Found]]:
        """What the response offers as it is, then what each of its answers does."""
        found = self._read(Block(text))
        if found is not None:
            yield [found]
        self._reasons.clear()
        for answer in answers(text):
            self._code.clear()
            yield self._visit(Block(answer), is_root=True)

    def reason(self, text: str) -> str:
        """Why nothing was offered: what the last fenced block says of itself, else what the text does."""
        remaining = answers(text)
        if not remaining:
            return "empty response: there is reasoning, and no answer after it"
        if self._reasons:
            return min(self._reasons, key=lambda reason: reason[0])[1]
        if len(remaining[0]) > MAX_KERNEL_CHARS:
            return f"response too long: {len(remaining[0])} characters, {MAX_KERNEL_CHARS} are allowed"
        try:
            offer_of(read(self._code[0] if self._code else remaining[0]), self._task, self._style)
        except (UnreadableError, NoKernelError) as failure:
            return str(failure)
        except UNPARSABLE as failure:
            return f"the answer cannot be parsed: {type(failure).__name__}"
        return "no block of the answer is offered as the kernel"

    def chosen(self, found: list[_Found]) -> Extraction | None:
        """The likeliest offer as a file.

        An aside ranks last: a copy of the reference, or what its label calls a draft, an original or a test. Then comes
        what lacks names, then what is not called `ModelNew` or `forward`; of equals the last one wins.
        """
        ranked = []
        for position, each in enumerate(found):
            if not _is_excerpt(each.offer, [other.offer for other in found if other is not each]):
                beside = self._beside(each, found)
                lacks = each.offer.lacks - KNOWN_MODULES - {name for part in beside for name in binds(part.node)}
                ranked.append(((_is_aside(each), bool(lacks), not each.offer.is_sure, -position), each, beside))
        for _, (offer, block), beside in sorted(ranked, key=lambda entry: entry[0]):
            try:
                if self._style == "forward_body":
                    kernel_source, not_taken = place(offer, beside, self._task)
                else:
                    kernel_source, not_taken = place_file(offer, beside, self._task), []
                tree = ast.parse(kernel_source)
            except UNPARSABLE as failure:
                self._reasons.append((0, f"the answer cannot be parsed: {type(failure).__name__}"))
                continue
            if "ModelNew" in {name for node in tree.body for name in binds(node)}:
                not_taken += [block.rest.partition("\n")[0][:80]] if block.rest.strip() else []
                return Extraction(kernel_source, _one_line("not taken: " + "; ".join(not_taken)) if not_taken else "")
        return None

    def _visit(self, block: Block, num_layers: int = 0, is_root: bool = False) -> list[_Found]:
        """What a block offers, or what the blocks inside of it do, in their order."""
        block = block._replace(text=unescaped(block.text))
        key = block.text.strip()
        self._num_blocks += 1
        self._num_unpacked_chars_left -= len(block.text)
        if not key or key in self._seen or self._num_blocks > MAX_BLOCKS or self._num_unpacked_chars_left < 0:
            return []
        self._seen.add(key)
        found = self._read(block, is_root)
        if found is not None:
            return [found]
        if num_layers == MAX_LAYERS:
            return []
        for blocks in unpack(block, self._task.reference_source):
            inside = [self._visit(each, num_layers + 1) for each in reversed(blocks)]
            if any(inside):
                return [each for offers in reversed(inside) for each in offers]
        return []

    def _read(self, block: Block, is_root: bool = False) -> _Found | None:
        """What a block offers as it stands."""
        text = _LABEL_LINE.sub("", block.text)
        words = ("return", "lambda", "ModelNew") if self._style == "forward_body" else ("class", "ModelNew")
        if not any(word in text for word in words):
            if not block.is_prose and not is_root and len(self._code) < MAX_READS:
                self._code.append(text)
            return None
        if _TILDES.search(text) and any(_TILDES.search(piece) for is_code, piece in pieces(text)[0] if is_code):
            return None  # a fence, although `~~~python` parses
        if not self._may_read(text):
            return None
        try:
            reading, rest = self._parsed(text)
            offer = offer_of(reading, self._task, self._style)
            refusal = _refusal(offer, block, self._task)
        except (UnreadableError, NoKernelError) as failure:
            refusal = str(failure)
        except UNPARSABLE as failure:
            refusal = f"the answer cannot be parsed: {type(failure).__name__}"
        else:
            if not refusal:
                return _Found(offer, block._replace(rest=rest))
        self._reasons.append((1 if is_root else 2 if block.is_prose else 0, refusal))
        if not block.is_prose and not is_root:
            self._code.append(text)
        return None

    def _parsed(self, text: str) -> tuple[Reading, str]:
        """The text; or its head with the body that was not indented under it; or its first lines up to a lesser
        indentation, and what follows them.
        """
        try:
            return _without_words(read(text)), ""
        except UnreadableError:
            if self._style == "model_new":
                raise
            head, _, body = text.strip("\n").partition("\n")
            parts = leading_block(text)
            for part, rest in ((f"{head}\n{textwrap.indent(body, ' ' * 4)}", ""), parts or ("", "")):
                if part and (rest or _HEAD.match(head)):
                    with contextlib.suppress(UnreadableError):
                        reading = _without_words(read(part))
                        if has_return([each for node in reading.tree.body for each in _bodies(node)]):
                            return reading, rest
            raise

    def _may_read(self, text: str) -> bool:
        self._num_reads += 1
        self._num_read_chars += len(text) if len(text) <= MAX_KERNEL_CHARS else 0
        return len(text) <= MAX_KERNEL_CHARS and self._num_reads <= MAX_READS and self._num_read_chars <= MAX_READ_CHARS

    def _beside(self, found: _Found, others: list[_Found]) -> list[Part]:
        """Definitions in the answer's other blocks that an offer needs, in their order."""
        lacks = set(found.offer.lacks)
        if not lacks:
            return []
        candidates: list[Part] = []
        for text in reversed(self._code):
            if self._may_read(text):
                try:
                    reading = read(text)
                except UnreadableError:
                    continue
                candidates += parts_of(reading.text, reading.tree.body)
        for other in others:
            if other is not found:
                candidates += parts_of(other.offer.reading.text, other.offer.reading.tree.body)
        candidates = [part for part in candidates if _defines_something(part.node)]
        # Of several definitions the last one holds.
        definition = {name: at for at, part in enumerate(candidates) for name in binds(part.node)}
        taken: set[int] = set()
        while lacks:
            at = definition.get(lacks.pop(), -1)
            if at >= 0 and at not in taken:
                taken.add(at)
                lacks |= lacking([candidates[at].node])
        return [candidates[at] for at in sorted(taken)]


def _without_words(reading: Reading) -> Reading:
    """Without statements at the top that are names alone: `Sure` on a line of its own is no code."""
    while reading.tree.body and isinstance(reading.tree.body[0], ast.Expr):
        first = reading.tree.body[0]
        if not all(
            isinstance(node, ast.Expr | ast.Name | ast.UnaryOp | ast.unaryop | ast.expr_context)
            for node in ast.walk(first)
        ):
            break
        text = "\n".join(reading.text.split("\n")[first.end_lineno :])
        reading = Reading(text, ast.parse(text))
    return reading


def _is_aside(found: _Found) -> bool:
    label = found.block.label
    if found.offer.repeats_reference:
        return not _KEPT.search(label)
    return bool(_ASIDE.search(label)) and not _MEANT.search(label)


def _refusal(offer: Offer, block: Block, task: Task) -> str:
    """Why a block that could be a kernel is not offered as one; empty if it is."""
    label = block.label
    if offer.repeats_reference and (_ASIDE.search(label) or _DECLINED.search(label)) and not _KEPT.search(label):
        return "the answer only quotes the reference"
    if not offer.is_sure and _ASIDE.search(label) and not _MEANT.search(label):
        return "no return statement in the answer's code: it is a test"
    if offer.kind == "body" or not offer.is_sure:
        if block.language.lower() in _OTHER_LANGUAGES:
            return f"the answer is no Python, but {block.language}"
        inputs = bound([reference_model(task.reference_source).forward.args])
        used = loaded(offer.reading.tree.body)
        if block.is_prose and (not offer.is_sure or offer.lacks - KNOWN_MODULES or not inputs & used):
            return "no return statement in the answer: it is prose, or cut off"
    return ""


def _is_excerpt(offer: Offer, others: list[Offer]) -> bool:
    """Whether a body is a passage of another offer's `forward`."""
    own = "\n".join(("", *offer.forward, ""))
    return offer.kind == "body" and any(
        (other.kind != "body" or len(other.forward) > len(offer.forward)) and own in "\n".join(("", *other.forward, ""))
        for other in others
    )


def _defines_something(node: ast.stmt) -> bool:
    """A definition, an import, or a value that is not drawn for a test."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        words = loaded([node]) | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        return not words & {"ModelNew", "Model", "get_inputs", "rand", "randn", "randint", "zeros", "ones", "empty"}
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


def _bodies(node: ast.stmt) -> list[ast.stmt]:
    members = node.body if isinstance(node, ast.ClassDef) else [node]
    return [each for member in members for each in (member.body if isinstance(member, ast.FunctionDef) else [member])]


def _one_line(text: str) -> str:
    return " ".join(text.split())
