"""What every block of the configuration is: frozen, and strict about its keys."""

import json

from pydantic import BaseModel, ConfigDict

from kbwf.errors import ConfigError


class Settings(BaseModel):
    """A part of the configuration: frozen, and a key it does not know stops the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

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
            raise ConfigError(f"settings with braces in their values cannot be handed to a job; got {text}")
        return text
