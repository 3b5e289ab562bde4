"""Looking for kernels in a response, one layer of packaging after another, within bounds on what is read.

A block that offers a kernel as it stands is never unpacked, so that fences and marks inside of its strings stay.
"""

import ast
import contextlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from kbwf.records import Task
from kbwf.tasks.asides import refusal
from kbwf.tasks.blocks import Block
from kbwf.tasks.fitness import NoKernelError
from kbwf.tasks.helper_files import file_names, joined_imports, needs_a_file
from kbwf.tasks.kernel_file import Part, parts_of
from kbwf.tasks.listings import without_colours, without_tracebacks
from kbwf.tasks.literals import strings_of_json
from kbwf.tasks.names import binds, lacking, loaded
from kbwf.tasks.offers import Offer, offer_of
from kbwf.tasks.packaging import unescaped, unpack
from kbwf.tasks.parsing import parsed
from kbwf.tasks.prompts import PromptStyle, reference_model
from kbwf.tasks.python_text import UNPARSABLE, UnreadableError, as_typed, pieces, read, visible
from kbwf.tasks.shells import has_heredoc
from kbwf.tasks.turns import answers
from kbwf.tasks.typesetting import has_macro

MAX_KERNEL_CHARS = 100_000
"""Longer code is no kernel: parsing must not take the memory or the time of a run. Reasoning and prose do not count."""
MAX_READ_CHARS = 4 * MAX_KERNEL_CHARS
MAX_READS = 64
"""Blocks that are parsed, the last of a response first."""
MAX_BLOCKS = 1_000
MAX_LAYERS = 6
MAX_UNPACKED_PER_CHAR = 16
"""How often, on average, a character may be looked at again in a further layer of packaging."""

_LABEL_LINE = re.compile(r"\A\s*(?:python3?|py|code|answer|assistant|output|kernel)\s*:?[ \t]*\n", re.IGNORECASE)
_TILDES = re.compile(r"^[ \t]*~~~", re.MULTILINE)


class Found(NamedTuple):
    """An offer, the block it is in, and what followed it and is not part of it."""

    offer: Offer
    block: Block
    rest: str


class Search:
    """The blocks of one response that were read, within bounds on their number and length."""

    def __init__(self, task: Task, style: PromptStyle, num_chars: int) -> None:
        self._task = task
        self._style = style
        self._num_blocks = self._num_reads = self._num_read_chars = 0
        self._num_unpacked_chars_left = MAX_UNPACKED_PER_CHAR * num_chars + MAX_KERNEL_CHARS
        self._seen: set[str] = set()
        self._code: list[str] = []
        """Blocks that offer nothing themselves, the last first: an offer may need a helper of theirs."""
        self._files: set[str] = set()
        """Names of modules that blocks of the answer are called by."""
        self._answer = ""
        self._reasons: list[tuple[int, str]] = []

    def offers(self, text: str) -> Iterator[list[Found]]:
        """What the response offers as it is, then what each of its answers does."""
        found = self._read(Block(text))
        if found is not None:
            yield [found]
        self._reasons.clear()
        for answer in [text] if strings_of_json(text, is_whole=True) else answers(text):
            self._code.clear()
            self._answer = answer
            yield self._visit(Block(answer), is_root=True)

    def reason(self, text: str) -> str:
        """Why nothing was offered: what the last fenced block says of itself, else what the text does."""
        remaining = answers(text)
        if not remaining:
            return "empty response: nothing stands outside of marks and reasoning"
        if without_tracebacks(remaining[0]) != remaining[0]:
            return "the answer quotes code in a traceback, and holds no kernel beside it"
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

    def _visit(self, block: Block, num_layers: int = 0, is_root: bool = False) -> list[Found]:
        """What a block offers, or what the blocks inside of it do, in their order."""
        block = block._replace(text=visible(without_colours(unescaped(with_line_feeds(block.text)))))
        key = block.text.strip()
        self._num_blocks += 1
        self._num_unpacked_chars_left -= len(block.text)
        if not key or key in self._seen or self._num_blocks > MAX_BLOCKS or self._num_unpacked_chars_left < 0:
            return []
        self._seen.add(key)
        self._files |= file_names(block)
        found = self._read(block, is_root)
        if found is not None:
            return [found]
        if num_layers == MAX_LAYERS:
            return []
        if block.is_response:
            for answer in answers(block.text):
                if inside := self._visit(Block(answer, label=block.label), num_layers + 1):
                    return inside
        for blocks in unpack(block, self._task.reference_source):
            offers = [self._visit(each, num_layers + 1) for each in reversed(blocks)]
            if any(offers):
                return [each for group in reversed(offers) for each in group]
        return []

    def _read(self, block: Block, is_root: bool = False) -> Found | None:
        """What a block offers as it stands."""
        text = _LABEL_LINE.sub("", block.text)
        words = ("return", "lambda", "ModelNew") if self._style == "forward_body" else ("class", "ModelNew")
        typed = text if text.isascii() else as_typed(text)
        if not any(word in typed for word in words):
            if not block.is_prose and not is_root and len(self._code) < MAX_READS:
                self._code.append(text)
            return None
        if _TILDES.search(text) and any(_TILDES.search(piece) for is_code, piece in pieces(text)[0] if is_code):
            return None  # a fence, although `~~~python` parses
        if has_heredoc(text) or has_macro(text):
            return None  # a shell's or a wiki's, although `cat > k.py <<EOF` and `{code:python}` parse
        if not self._may_read(text):
            return None
        try:
            reading, rest = parsed(text, self._style)
            offer = offer_of(reading, self._task, self._style)
            reason = refusal(offer, block, self._task, self._answer)
        except (UnreadableError, NoKernelError) as failure:
            reason = str(failure)
        except UNPARSABLE as failure:
            reason = f"the answer cannot be parsed: {type(failure).__name__}"
        else:
            if not reason:
                return Found(offer, block, rest)
        self._reasons.append((1 if is_root else 2 if block.is_prose else 0, reason))
        if not block.is_prose and not is_root:
            self._code.append(text)
        return None

    def _may_read(self, text: str) -> bool:
        self._num_reads += 1
        self._num_read_chars += len(text) if len(text) <= MAX_KERNEL_CHARS else 0
        return len(text) <= MAX_KERNEL_CHARS and self._num_reads <= MAX_READS and self._num_read_chars <= MAX_READ_CHARS

    def helpers(self, found: Found, others: list[Found]) -> list[Part]:
        """Definitions in the answer's other blocks that an offer needs, in their order."""
        lacks = set(found.offer.lacks)
        if not lacks:
            return []
        candidates = self._definitions(found, others)
        # Of several definitions the last one holds.
        definition = {name: at for at, part in enumerate(candidates) for name in binds(part.node)}
        taken: set[int] = set()
        while lacks:
            at = definition.get(lacks.pop(), -1)
            if at >= 0 and at not in taken:
                taken.add(at)
                lacks |= lacking([candidates[at].node])
        return [candidates[at] for at in sorted(taken)]

    def needs_a_file(self, offer: Offer) -> str:
        """Why an offer is no whole kernel, if it imports from a file of its own that is not put together with it."""
        return needs_a_file(offer.reading.tree, self._files, reference_model(self._task.reference_source).tree)

    def in_one_file(self, found: Found, others: list[Found]) -> Found:
        """An offer without its imports from other blocks of the answer, where these define what it imports."""
        if not self.needs_a_file(found.offer):
            return found
        reading, reference = found.offer.reading, reference_model(self._task.reference_source).tree
        defined = {name for part in self._definitions(found, others) for name in binds(part.node)}
        text = joined_imports(reading.text, reading.tree, self._files, defined, reference)
        with contextlib.suppress(UnreadableError, NoKernelError):
            return found._replace(offer=offer_of(read(text), self._task, self._style))
        return found

    def _definitions(self, found: Found, others: list[Found]) -> list[Part]:
        """Statements of the answer's other blocks that define something, in their order."""
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
        return [part for part in candidates if _defines_something(part.node) and not self._is_of_own_file(part.node)]

    def _is_of_own_file(self, node: ast.stmt) -> bool:
        """An import from another block of the answer, as its test has one: it defines nothing."""
        return isinstance(node, ast.ImportFrom) and (
            node.level > 0 or (node.module or "").rpartition(".")[2] in self._files
        )


def _defines_something(node: ast.stmt) -> bool:
    """A definition, an import, or a value that is not drawn for a test."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        words = loaded([node]) | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        return not words & {"ModelNew", "Model", "get_inputs", "rand", "randn", "randint", "zeros", "ones", "empty"}
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


def with_line_feeds(text: str) -> str:
    """The text with `\\n` alone at the ends of lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
