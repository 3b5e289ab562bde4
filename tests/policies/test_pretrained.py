"""Models in folders and on Hugging Face: what they are, and what is refused before anything is drawn."""

import shutil
from pathlib import Path

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.local import LocalPolicy
from kbwf.policies.pretrained import check_model, folder_digest


def test_the_model_string_changes_with_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    """One changed byte of the weights gives another digest; other files in the folder do not."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_model, copy)
    digest = folder_digest(copy)
    assert digest == folder_digest(tiny_model)
    assert LocalPolicy(str(copy), device="cpu").model == f"{copy}@{digest[:12]}"
    (copy / "training.log").write_text("done")
    assert folder_digest(copy) == digest
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert folder_digest(copy) != digest


def test_a_folder_that_changed_since_it_was_described_is_refused(tiny_model: Path) -> None:
    """The recorded digest must be that of the content now."""
    digest = check_model(str(tiny_model), None, "tokenizer")
    assert digest == folder_digest(tiny_model)
    assert LocalPolicy(str(tiny_model), digest, device="cpu").model.endswith(digest[:12])
    with pytest.raises(PolicyError, match="has changed"):
        LocalPolicy(str(tiny_model), "0" * 64, device="cpu")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A path is never looked up on the network."""
    with pytest.raises(PolicyError, match="is no folder"):
        check_model(str(tmp_path / "nowhere"), None, "plain")


def test_a_folder_that_holds_no_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """Without config.json, and with it but without weights or with damaged ones."""
    with pytest.raises(PolicyError, match=r"holds no config\.json"):
        check_model(str(tmp_path), None, "plain")
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(PolicyError, match="holds no weights"):
        check_model(str(tmp_path), None, "plain")
    shutil.copytree(tiny_model, tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(PolicyError, match="cannot be loaded"):
        LocalPolicy(str(tmp_path), device="cpu")
    (tmp_path / "config.json").write_text('{"model_type": "of_the_future"}')
    with pytest.raises(PolicyError, match=r"cannot be loaded.*update transformers"):
        check_model(str(tmp_path), None, "plain")


def test_an_unknown_name_is_refused_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the model and what to do."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PolicyError, match="nobody/no-such-model cannot be loaded.*give a folder or a model that was"):
        check_model("nobody/no-such-model", None, "tokenizer")
