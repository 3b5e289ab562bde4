"""Where keys come from, and which backend is given which."""

import os
from pathlib import Path

import pytest

from kbwf.credentials import credentials_of, read_dotenv
from kbwf.errors import PolicyError


def test_a_backend_is_given_its_own_keys() -> None:
    """None if nobody knows it: what is wrong is said later, by whoever looks for it."""
    assert credentials_of("openai") == ("OPENAI_API_KEY",)
    assert credentials_of("replay") == credentials_of("nowhere") == ()


def test_only_named_variables_are_taken_from_a_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that the backend is given, where the environment does not have them; nothing else in the file counts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("KBWF_A=file\nKBWF_B=file\nKBWF_C=file\n")
    for name in ("KBWF_A", "KBWF_C"):
        monkeypatch.setenv(name, "")  # so that it is as before afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("KBWF_B", "environment")
    read_dotenv(("KBWF_A", "KBWF_B", "KBWF_MISSING"))
    assert (os.environ["KBWF_A"], os.environ["KBWF_B"]) == ("file", "environment")
    assert "KBWF_C" not in os.environ and "KBWF_MISSING" not in os.environ


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_empty_variable_does_not_hide_the_file_s(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `KBWF_A= snakemake`, or a CI's unset secret, leaves it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("KBWF_A=file\n")
    monkeypatch.setenv("KBWF_A", empty)
    read_dotenv(("KBWF_A",))
    assert os.environ["KBWF_A"] == "file"


def test_a_dotenv_file_in_another_encoding_is_told_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an editor on Windows writes it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("KBWF_A=planted\n".encode("utf-16"))
    with pytest.raises(PolicyError, match=r"the file \.env is no UTF-8 text .*; save it as UTF-8") as caught:
        read_dotenv(("KBWF_A",))
    assert "planted" not in str(caught.value) and caught.value.__suppress_context__
