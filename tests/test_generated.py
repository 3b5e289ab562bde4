"""Files that are derived from the configuration say what it says."""

import json
from pathlib import Path

import pytest

from kbwf.generated import config_reference, config_schema
from kbwf.run_settings import RunSettings
from kbwf.settings import StudySettings

ROOT = Path(__file__).parents[1]
BLOCKS_OF_RUNS = {"reward", "guardrail", "stop"}


@pytest.mark.parametrize(
    ("path", "text"),
    [("docs/config.md", config_reference()), ("workflow/schemas/config.schema.json", config_schema())],
    ids=["reference", "schema"],
)
def test_generated_files_are_up_to_date(path: str, text: str) -> None:
    """Reference and schema in the repository are what the configuration's models give."""
    assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} is out of date; run: make docs"


def test_the_reference_names_every_key_once() -> None:
    """Each key of each block has one row."""
    reference = config_reference()
    for block, field in StudySettings.model_fields.items():
        if block != "runs":
            for key in type(field.default).model_fields:
                assert reference.count(f"| `{block}.{key}` |") == 1
    for key in set(RunSettings.model_fields) - BLOCKS_OF_RUNS:
        assert reference.count(f"| `runs[].{key}` |") == 1
    for block in BLOCKS_OF_RUNS:
        for key in type(RunSettings.model_fields[block].default).model_fields:
            assert reference.count(f"| `runs[].{block}.{key}` |") == 1


def test_a_row_of_the_reference_gives_type_range_default_and_meaning() -> None:
    """The row of a bounded number, read as a person would."""
    row = "| `sampling.temperature` | number ≥ 0, ≤ 10 | `0.25` | 0 is greedy. |"
    assert row in config_reference().splitlines()


def test_the_reference_says_choices_lists_and_null_in_words() -> None:
    """A choice lists its values; an optional path says that it may be null."""
    reference = config_reference()
    assert '| `evaluation.mode` | `fast`, `full`, `adaptive` | `"full"` |' in reference
    assert "| `sampling.seeds` | list of integer ≥ 0, ≤ 1e+09 | `[0, 1]` |" in reference
    assert "| `tasks.path` | path or null | `null` |" in reference
    assert "| `runs[].name` | text | must be given |" in reference
    assert '| `tasks.subset` | `all`, `train`, `eval` or list of integer ≥ 1 | `"all"` |' in reference


def test_the_schema_forbids_unknown_keys_in_every_block() -> None:
    """An editor that knows the schema marks a misspelt key, as the run itself does."""
    schema = json.loads(config_schema())
    blocks = [schema, *schema["$defs"].values()]
    assert len(blocks) == 1 + len(StudySettings.model_fields) + len(BLOCKS_OF_RUNS)
    assert all(block["additionalProperties"] is False for block in blocks)
