"""The common rules of all records: frozen, no unknown fields, no NaN, one canonical JSON form."""

import hashlib
import json
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from kbwf.errors import RecordError


class Record(BaseModel):
    """A frozen value that is checked when it is made, when it is written and when it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    schema_version: ClassVar[int] = 1
    """Raised when a field changes its meaning; a record of another version is refused on reading."""

    def to_json(self) -> str:
        """One line of ASCII JSON with the schema version first: no character in it is a line break to any reader."""
        return json.dumps({"schema_version": self.schema_version, **self.model_dump(mode="json")})

    @classmethod
    def from_json(cls, text: str, origin: str) -> Self:
        """Read what `to_json` wrote.

        Args:
            origin: where the text comes from (a path, with a line number if there are several), for the message.

        Raises:
            RecordError: not JSON, another schema version, or a field that is missing, unknown or out of range.
        """
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:  # also a number of thousands of digits, and a thousand brackets
            raise RecordError(f"{origin}: no JSON ({error}); remove the file and run the workflow again") from error
        if not isinstance(fields, dict):
            raise RecordError(f"{origin}: expected a JSON object, got {type(fields).__name__}")
        version = fields.pop("schema_version", None)
        if version != cls.schema_version:
            raise RecordError(
                f"{origin}: {cls.__name__} has schema version {version!r}, this release reads {cls.schema_version};"
                " remove the file and run the workflow again"
            )
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise RecordError(
                f"{origin}: not a valid {cls.__name__}: {error}\nIf another release wrote it, remove the file and run"
                " the workflow again"
            ) from error


def sha256_of(text: str) -> str:
    """Hex SHA-256 of the text's UTF-8 bytes; half a character, which has none, counts as itself."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
