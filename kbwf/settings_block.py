"""What every block of the configuration is: frozen, and strict about its keys."""

import json
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from kbwf.errors import ConfigError
from kbwf.masking import masked

Seed = Annotated[int, Field(ge=0, le=10**9)]
"""What every generator takes, NumPy's among them, of 32 bits; it stands in names of files."""


class Settings(BaseModel):
    """A part of the configuration: frozen, and a key it does not know stops the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None, "it is asked of fields"
        entries = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(each, bool) for each in entries) and not _has(
            cls.model_fields[info.field_name].annotation, bool
        ):
            raise ValueError("true and false are no numbers or names; YAML also reads yes, no, on and off as them")
        return value

    def to_param(self) -> str:
        """This block as one JSON string: Snakemake compares it between runs, the stage parses it."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    def to_constant(self) -> str:
        """The same without the outer braces, which Snakemake would take for a wildcard's: a constant, where a function
        would be called once a job.

        Raises:
            ConfigError: a value holds a brace.
        """
        text = self.to_param()[1:-1]
        if "{" in text or "}" in text:
            shown = json.dumps(masked(self.model_dump(mode="json")), sort_keys=True, ensure_ascii=False)[1:-1]
            raise ConfigError(f"settings with braces in their values cannot be handed to a job; got {shown}")
        return text


def _has(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_has(each, kind) for each in get_args(annotation))
