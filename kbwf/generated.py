"""What the repository derives from `kbwf/settings.py`: the configuration reference and its JSON schema.

Both are texts; `kbwf docs` writes them, and a test compares the files with them.
"""

import json
from pathlib import Path
from typing import Any

from kbwf.settings import StudySettings
from kbwf.store import write_text

_INTRODUCTION = """\
# Configuration

Generated from `kbwf/settings.py` and the modules `kbwf/*_settings.py` by `make docs`; edit there, not
here. The same as a JSON schema, for editors: `workflow/schemas/config.schema.json`.

`config.yaml` is always read first. A study of your own needs only the keys that differ from it
(`snakemake --cores all --resources gpu=1 --configfile my_study.yaml`): mappings are merged, lists are replaced. What
neither file names has the default given here. `config.yaml` has runs: a study of your own lists its own, or `runs: []`.
A key that is not listed here stops the run before anything starts, as do values that contradict each other; the message
says which, and what to do.
"""

_BOUNDS = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "mapping",
}


def write_generated(repository: Path) -> str:
    """Write both into the repository; returns what to say."""
    write_text(repository / "docs" / "config.md", config_reference())
    write_text(repository / "workflow" / "schemas" / "config.schema.json", config_schema())
    return f"wrote docs/config.md and workflow/schemas/config.schema.json in {repository.resolve()}"


def config_schema() -> str:
    """The JSON schema of the configuration, indented, with a newline at its end."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StudySettings.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def config_reference() -> str:
    """The configuration as Markdown: a table per block with key, type, default and meaning."""
    schema = StudySettings.model_json_schema()
    parts = [_INTRODUCTION]
    for name, reference in schema["properties"].items():
        is_list = "items" in reference
        block = _block(schema, reference["items"] if is_list else reference)
        rows = _rows(schema, f"{name}[]" if is_list else name, block)
        table = ["| key | type | default | meaning |", "|---|---|---|---|", *rows]
        parts.append(f"## {name}\n\n{_one_line(block['description'])}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def _block(schema: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = schema["$defs"][reference["$ref"].rpartition("/")[2]]
    return block


def _rows(schema: dict[str, Any], name: str, block: dict[str, Any]) -> list[str]:
    """One row per key; the keys of a block inside the block have rows of their own."""
    rows = []
    for key, field in block["properties"].items():
        if "$ref" in field:
            rows += _rows(schema, f"{name}.{key}", _block(schema, field))
        else:
            rows.append(_row(f"{name}.{key}", field))
    return rows


def _row(key: str, field: dict[str, Any]) -> str:
    default = f"`{json.dumps(field['default'], ensure_ascii=False)}`" if "default" in field else "must be given"
    cells = (f"`{key}`", _type(field), default, _one_line(field.get("description", "")))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(field: dict[str, Any]) -> str:
    """A field's type and range in words."""
    if "anyOf" in field:
        return " or ".join(_type(choice) for choice in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    text = "path" if field.get("format") == "path" else _TYPES[field["type"]]
    bounds = [f"{sign} {field[bound]:g}" for bound, sign in _BOUNDS if bound in field]
    return " ".join([text, ", ".join(bounds)]).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
