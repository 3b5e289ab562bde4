"""Describe a policy that nothing has been trained into, so that a bad model stops the study before any sampling."""

from pathlib import Path
from typing import Any, cast

from kbwf.policies import table
from kbwf.policies.protocols import PolicyModule
from kbwf.settings import PromptSettings
from kbwf.store import write_record


def describe_policy(
    policy_id: str, backend: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None, output: Path
) -> str:
    """Write the policy's checkpoint; returns a line for the log.

    Args:
        settings: what the backend is told (for `local` the configuration's block base).
        demo: where the demo policy lies, for a study that uses it.

    Raises:
        PolicyError: no such backend; or it cannot run this policy.
    """
    module = cast(PolicyModule, table.load(backend))
    checkpoint = module.describe_policy(policy_id, settings, prompt, demo)
    write_record(output, checkpoint)
    return f"{checkpoint.policy_id}: {checkpoint.base_model} {checkpoint.revision}"
