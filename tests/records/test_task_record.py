"""Tasks and splits: identifiers, hashes and the canonical digest."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kbwf.records import Split, Task
from kbwf.records.task import parse_task_id, task_id_of
from tests.builders import make_task

FIELDS: dict[str, Any] = {
    "level": 1,
    "split_seed": 42,
    "source": "directory",
    "revision": "unversioned",
    "num_problems": 3,
    "train_ids": [1, 3],
    "eval_ids": [2],
}
CANONICAL = (
    b'{"eval_ids":[2],"level":1,"num_problems":3,"revision":"unversioned","source":"directory","split_seed":42,'
    b'"train_ids":[1,3]}'
)
"""The same fields by hand: sorted keys, no spaces."""


def test_the_split_s_digest_is_that_of_its_canonical_json() -> None:
    """Against SHA-256 of the text written out by hand."""
    digest = hashlib.sha256(CANONICAL).hexdigest()
    assert Split.digest_of(FIELDS) == digest
    assert Split(**FIELDS, sha256=digest).eval_ids == (2,)


def test_a_split_that_was_edited_by_hand_is_refused() -> None:
    """Moving a problem to the other side changes the digest."""
    moved = FIELDS | {"train_ids": [1], "eval_ids": [2, 3]}
    with pytest.raises(ValidationError, match="sha256 does not fit"):
        Split(**moved, sha256=Split.digest_of(FIELDS))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"train_ids": [1]}, r"3 problems, but 1 \+ 1 ids"),
        ({"train_ids": [1, 2]}, "train and eval share problem ids"),
    ],
)
def test_a_split_divides_all_problems_and_each_once(change: dict[str, Any], sentence: str) -> None:
    """Neither a lost problem nor one on both sides, whatever the digest says."""
    fields = FIELDS | change
    with pytest.raises(ValidationError, match=sentence):
        Split(**fields, sha256=Split.digest_of(fields))


@given(level=st.integers(0, 9), problem_id=st.integers(1, 99_999))
def test_a_task_id_gives_level_and_problem_back(level: int, problem_id: int) -> None:
    """Also past 999, where the number needs more than three digits."""
    assert parse_task_id(task_id_of(level, problem_id)) == (level, problem_id)


def test_a_task_id_has_three_digits_at_least() -> None:
    """So that up to 999 names sort as numbers do."""
    assert (task_id_of(1, 12), task_id_of(0, 1000)) == ("l1_p012", "l0_p1000")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"task_id": "l0_p002"}, "does not fit level 0, problem 1"),
        ({"task_id": "l0_p1"}, "String should match pattern"),
        ({"reference_source": "other"}, "reference_sha256 is not the hash of reference_source"),
        ({"admits": [["rotated"]]}, "admits"),
    ],
)
def test_a_task_that_contradicts_itself_is_refused(change: dict[str, Any], sentence: str) -> None:
    """Identifier and hash are checked against what they stand for."""
    with pytest.raises(ValidationError, match=sentence):
        Task.model_validate(make_task().model_dump() | change)
