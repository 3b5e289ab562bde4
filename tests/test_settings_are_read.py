"""Every key of the configuration is for something."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from kbwf.settings import StudySettings
from kbwf.settings_block import Settings

ROOT = Path(__file__).parents[1]


def blocks(start: type[Settings] = Settings) -> Iterator[type[Settings]]:
    """Every block of the configuration."""
    for block in start.__subclasses__():
        yield block
        yield from blocks(block)


def test_every_key_is_read_somewhere() -> None:
    """By the package beside the blocks themselves, or by a rule: one that is accepted and does nothing misleads."""
    assert StudySettings in blocks(), "what is not imported is no block here"
    of_blocks = {Path(str(inspect.getsourcefile(block))) for block in [Settings, *blocks()]}
    modules = [path for path in (ROOT / "kbwf").rglob("*.py") if path not in of_blocks and not path.name[0].isdigit()]
    nodes = [node for path in modules for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for path in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]:
        read |= set(re.findall(r"\.(\w+)", path.read_text(encoding="utf-8")))
    assert {f"{block.__name__}.{key}" for block in blocks() for key in block.model_fields if key not in read} == set()
