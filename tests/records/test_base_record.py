"""What holds for every record: frozen, no unknown fields, no NaN, one JSON form."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kbwf import records
from kbwf.errors import RecordError
from kbwf.records import Checkpoint, Record, Sample
from kbwf.records.base import canonical_json, sha256_of
from tests.builders import make_sample, make_scored, make_selection, make_task

EXAMPLES: list[Record] = [
    make_task(),
    make_sample(),
    make_scored(0, 1.5).evaluation,
    make_scored(0, None).evaluation,
    make_scored(0, 1.5, low=1.4, high=1.6),
    make_selection(1.5),
    make_selection(None),
    Checkpoint(policy_id="base", backend="local", step=0, base_model="some/model", revision="main"),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_survives_its_json(record: Record) -> None:
    """What is read equals what was written, nested records included, on one line with the version first."""
    text = record.to_json()
    assert "\n" not in text
    assert next(iter(json.loads(text).items())) == ("schema_version", 1)
    assert type(record).from_json(text, "here") == record


@pytest.mark.parametrize(
    "name",
    [name for name in records.__all__ if isinstance(getattr(records, name), type(Record)) and name != "Record"],
)
def test_every_record_is_frozen_and_closed(name: str) -> None:
    """No kind of record loosens the common rules."""
    config = getattr(records, name).model_config
    assert (config["frozen"], config["extra"], config["allow_inf_nan"]) == (True, "forbid", False)


def test_a_record_cannot_be_changed() -> None:
    """Records are values."""
    with pytest.raises(ValidationError, match="frozen"):
        make_sample().response = "other"  # type: ignore[misc]


def test_an_unknown_field_is_refused_when_made_and_when_read() -> None:
    """A typing mistake does not become a silent extra."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Sample.model_validate(make_sample().model_dump() | {"lenght": 3})
    fields = json.loads(make_sample().to_json()) | {"lenght": 3}
    with pytest.raises(RecordError, match="there:7: not a valid Sample"):
        Sample.from_json(json.dumps(fields), "there:7")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(number: float) -> None:
    """A NaN would compare as neither faster nor slower, and JSON has none."""
    with pytest.raises(ValidationError, match="finite_number"):
        Sample.model_validate(make_sample().model_dump() | {"policy_logprobs_T": (number, -1.0)})


def test_json_with_nan_is_refused_on_reading() -> None:
    """Python's own JSON reader would let it pass."""
    text = make_sample(logprobs_T=(-0.5, -1.5)).to_json().replace("-1.5", "NaN")
    with pytest.raises(RecordError, match="not a valid Sample"):
        Sample.from_json(text, "there")


def test_a_record_without_a_version_is_refused() -> None:
    """Text that something else wrote is not guessed at."""
    with pytest.raises(RecordError, match="schema version None, this release reads 1"):
        Sample.from_json(json.dumps(make_sample().model_dump(mode="json")), "there")


def test_the_hash_is_that_of_the_utf8_bytes() -> None:
    """Against the published SHA-256 of `abc`."""
    assert sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_canonical_json_sorts_keys_at_every_depth_and_has_no_spaces() -> None:
    """Two dictionaries that are equal give one text."""
    assert canonical_json({"b": [1, {"d": 2, "c": "ä"}], "a": None}) == '{"a":null,"b":[1,{"c":"ä","d":2}]}'


@given(
    response=st.text(),
    logprobs_T=st.lists(st.floats(min_value=-9999, max_value=0), min_size=1, max_size=5).map(tuple),
)
def test_any_text_and_any_log_probabilities_survive(response: str, logprobs_T: tuple[float, ...]) -> None:
    """Whatever a model writes, its record reads back bit for bit."""
    sample = make_sample(logprobs_T=logprobs_T).model_copy(update={"response": response})
    assert Sample.from_json(sample.to_json(), "here") == sample
