"""Looking for kernels within bounds: counted in blocks and characters, not in seconds."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from kbwf import tasks
from kbwf.settings import TaskSettings
from kbwf.tasks import search
from kbwf.tasks.blocks import Block
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.search import MAX_BLOCKS, MAX_KERNEL_CHARS, MAX_READ_CHARS, MAX_READS, MAX_UNPACKED_PER_CHAR
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import BODY

TASK = load_task(TaskSettings(), 1)
NUM_CHARS = 300_000
NUM_VARIANTS = 8
"""Of a text, that are parsed in turn; each block may have a leading part or an indented one beside itself."""


@pytest.mark.parametrize(
    "piece",
    [
        "```\nreturn x\n",
        "<code>return d</code>",
        "<think>\n",
        '{"a": "return d"}',
        "> ",
        "return x\n",
        "(",
        '\\"""return ',
        "&lt;",
        "cat <<EOF\n",
        "echo 'return d\n",
        "\\boxed{return d",
        "[code]return d[/code]",
        "| return d | `d` |\n",
        "1: return d\n",
        "**return d**\n",
        "\x1b[1mreturn d\u00ad",
        '  File "k.py", line 1\n',
    ],
)
def test_much_of_anything_is_read_within_bounds(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block is looked at once a layer, and no more is parsed than the bounds say."""
    text = piece * (NUM_CHARS // len(piece)) + f"\n```python\n{BODY}\n```"
    parsed: list[int] = []
    unpacked: list[int] = []
    parse, unpack = ast.parse, search.unpack

    def counting_parse(source: str) -> ast.Module:
        parsed.append(len(source))
        return parse(source)

    def counting_unpack(block: Block, reference_source: str) -> Iterator[list[Block]]:
        unpacked.append(len(block.text))
        return unpack(block, reference_source)

    with monkeypatch.context() as patched:
        patched.setattr(ast, "parse", counting_parse)
        patched.setattr(search, "unpack", counting_unpack)
        extract_kernel(text, TASK, "forward_body")
    assert max(parsed, default=0) <= MAX_KERNEL_CHARS + 100
    assert sum(length for length in parsed if length > 1_000) <= 3 * NUM_VARIANTS * MAX_READ_CHARS
    assert sum(unpacked) <= MAX_UNPACKED_PER_CHAR * len(text) + MAX_KERNEL_CHARS
    assert len(unpacked) <= MAX_BLOCKS


def test_the_last_blocks_are_read_first() -> None:
    """A kernel is found after more blocks than are read, and not before as many."""
    others = "```python\nreturn (\n```\n" * (MAX_READS + 10)
    kernel = f"```python\n{BODY}\n```\n"
    assert extract_kernel(others + kernel, TASK, "forward_body").kernel_source is not None
    assert extract_kernel(kernel + others.replace("(", "(d"), TASK, "forward_body").kernel_source is not None
    different = "".join(f"```python\nreturn ({number}\n```\n" for number in range(MAX_READS + 10))
    assert extract_kernel(kernel + different, TASK, "forward_body").kernel_source is None


def test_code_is_measured_and_what_is_around_it_is_not() -> None:
    """A kernel of nearly the limit in prose and reasoning beyond it; one past the limit alone."""
    long_kernel = "# " + "x" * (MAX_KERNEL_CHARS - 1_000) + f"\n{BODY}"
    answer = "<think>" + "so " * 50_000 + "</think>" + "well " * 50_000 + f"\n```python\n{long_kernel}\n```"
    assert extract_kernel(answer, TASK, "forward_body").kernel_source is not None
    too_long = extract_kernel("s = '" + "x" * MAX_KERNEL_CHARS + f"'\n{BODY}", TASK, "forward_body")
    assert too_long.kernel_source is None
    assert "response too long" in too_long.reason


def repetitions(parsed: object, is_inside: bool = False) -> Iterator[str]:
    """Unbounded repetitions inside of unbounded ones, in a pattern as `re` parses it."""
    for operation, argument in parsed:  # type: ignore[attr-defined]
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, inner = argument
            is_unbounded = most == re._constants.MAXREPEAT  # type: ignore[attr-defined]
            if is_unbounded and is_inside:
                yield name
            yield from repetitions(inner, is_inside or is_unbounded)
        elif name == "SUBPATTERN":
            yield from repetitions(argument[-1], is_inside)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from repetitions(branch, is_inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from repetitions(argument[1], is_inside)


MODULES = [importlib.import_module(f"kbwf.tasks.{each.name}") for each in pkgutil.iter_modules(tasks.__path__)]
WITH_PATTERNS = [each for each in MODULES if any(isinstance(value, re.Pattern) for value in vars(each).values())]


@pytest.mark.parametrize("module", WITH_PATTERNS, ids=lambda m: m.__name__)
def test_no_pattern_repeats_a_repetition(module: ModuleType) -> None:
    """The shape that makes backtracking exponential."""
    patterns = [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    patterns += [pair[0] for pair in getattr(module, "_TO_REASONING", ())]
    assert patterns
    for pattern in patterns:
        assert not list(repetitions(re._parser.parse(pattern.pattern, pattern.flags))), pattern.pattern  # type: ignore[attr-defined]
    assert list(repetitions(re._parser.parse("(a*b)*")))  # type: ignore[attr-defined]
