"""The table of backends, against what the settings know and what the modules have."""

import ast
import importlib.util
from pathlib import Path
from typing import get_args

import pytest

from kbwf.policies.table import BACKENDS, Backend
from kbwf.policy_settings import KEYS_OF_BACKENDS, BaseSettings


def functions_of(module: str) -> set[str]:
    """Its functions, without importing what it may lack."""
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None, f"there is no module {module}"
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_settings_know_every_backend_and_no_other() -> None:
    """The control apart, which nobody chooses."""
    chosen = set(get_args(BaseSettings.model_fields["backend"].annotation))
    assert chosen == set(KEYS_OF_BACKENDS) == set(BACKENDS) - {"control"}


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_a_backend_s_modules_have_what_stages_ask_for(backend: Backend) -> None:
    """What its policy is, and samples: drawn or recorded; a trainer, where its weights can be trained."""
    samples = "recorded_samples" if backend.is_recorded else "open_sampler"
    assert {"describe_policy", samples} <= functions_of(backend.module)
    assert backend.trainer is None or functions_of(backend.trainer)
