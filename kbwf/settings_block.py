"""What every block of the configuration is: frozen, and strict about its keys."""

import json

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A part of the configuration: frozen, and a key it does not know stops the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def to_param(self) -> str:
        """This block as one JSON string: Snakemake compares it between runs, the stage parses it."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)
