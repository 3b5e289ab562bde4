"""Keys: which can be sent, and that they are found wherever a server echoes them."""

import json

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.keys import checked_key, without_key

KEY = "sk-Planted+123/456"


@pytest.mark.parametrize(("given", "key"), [(f" {KEY}\r\n", KEY), (KEY, KEY), ("", None), (" \n", None), (None, None)])
def test_what_stands_around_a_key_is_left_out(given: str | None, key: str | None) -> None:
    """As a file or a shell leaves it; nothing but space is no key."""
    assert checked_key("THE_KEY", given) == key


@pytest.mark.parametrize("given", ["sk-sec ret", "sk-sec\nret", "sk-secrét", "sk-sec\x00ret", "sk-sec\u200bret"])
def test_what_no_header_can_hold_is_refused_and_not_shown(given: str) -> None:
    """With the places to correct it."""
    with pytest.raises(PolicyError, match=r"THE_KEY is no key.*environment or in the file \.env") as caught:
        checked_key("THE_KEY", given)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize(
    "echoed",
    [KEY, KEY.replace("/", r"\/"), KEY.replace("+", r"\u002B"), KEY.replace("+", r"\u002b").replace("s", r"\u0073")],
)
def test_a_key_is_found_however_json_escapes_it(echoed: str) -> None:
    """What is left is JSON still."""
    text = f'{{"said": "bad key {echoed}!"}}'
    assert json.loads(text)["said"] == f"bad key {KEY}!"
    assert json.loads(without_key(text, KEY)) == {"said": "bad key [key]!"}


def test_a_word_given_to_a_server_that_checks_none_is_no_secret() -> None:
    """A kernel may hold it."""
    assert without_key("if EMPTY: return", "EMPTY") == "if EMPTY: return"
