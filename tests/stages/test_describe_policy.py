"""Describing policies that nothing has been trained into."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.local import LocalPolicy
from kbwf.policies.pretrained import folder_digest
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings, PromptSettings
from kbwf.stages.describe_policy import describe_policy
from kbwf.store import read_record

Describe = Callable[..., Checkpoint]


@pytest.fixture
def described(tmp_path: Path) -> Describe:
    """Runs the stage and reads what it wrote."""

    def run(
        policy_id: str,
        backend: str,
        base: BaseSettings | None = None,
        prompt: PromptSettings | None = None,
        demo: Path | None = None,
    ) -> Checkpoint:
        output = tmp_path / "described" / "checkpoint.json"
        settings = (base or BaseSettings()).model_dump(mode="json")
        message = describe_policy(policy_id, backend, settings, prompt or PromptSettings(), demo, output)
        assert message.startswith(f"{policy_id}: ")
        return read_record(output, Checkpoint)

    return run


def test_the_demo_policy_is_described_by_its_folder_and_digest(described: Describe, demo_folder: Path) -> None:
    """The base checkpoint names the folder, its content, and no optimizer step."""
    checkpoint = described("base", "local", BaseSettings(), PromptSettings(), demo_folder)
    assert checkpoint.base_model == str(demo_folder)
    assert checkpoint.revision == folder_digest(demo_folder)
    assert (checkpoint.backend, checkpoint.step, checkpoint.sampler_path) == ("local", 0, None)
    assert LocalPolicy(checkpoint.base_model, checkpoint.revision, device="cpu")


def test_a_folder_can_be_the_base_policy(described: Describe, demo_folder: Path) -> None:
    """`base.model` names any folder that transformers can load."""
    checkpoint = described("base", "local", BaseSettings(model=str(demo_folder)), PromptSettings(), None)
    assert checkpoint.base_model == str(demo_folder)


def test_the_control_needs_no_model(described: Describe) -> None:
    """It has its own backend and no weights."""
    checkpoint = described("identity", "control")
    assert (checkpoint.backend, checkpoint.base_model, checkpoint.revision) == ("control", None, None)


def test_bad_policies_are_refused_before_anything_is_sampled(
    described: Describe, demo_folder: Path, tmp_path: Path
) -> None:
    """Missing folder, no demo folder, a revision of a folder, an unknown backend, a model without chat template."""
    with pytest.raises(PolicyError, match="is no folder"):
        described("base", "local", BaseSettings(model=str(tmp_path / "nowhere")), PromptSettings(), None)
    with pytest.raises(PolicyError, match="train it first"):
        described("base", "local", BaseSettings(), PromptSettings(), None)
    with pytest.raises(PolicyError, match=r"base\.revision 'main' goes with a Hugging Face name"):
        described("base", "local", BaseSettings(revision="main"), PromptSettings(), demo_folder)
    with pytest.raises(PolicyError, match="there is no backend 'other'; there are local, control"):
        described("base", "other")
    for file in demo_folder.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(PolicyError, match="no chat template"):
        described("base", "local", BaseSettings(model=str(tmp_path)), PromptSettings(), None)
    assert described("base", "local", BaseSettings(model=str(tmp_path)), PromptSettings(chat_template="plain"), None)
