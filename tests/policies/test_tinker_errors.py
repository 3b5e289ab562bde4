"""Sentences for what goes wrong; needs no SDK, whose errors are told by what they carry."""

from types import SimpleNamespace

import pytest

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies.tinker_errors import check_key, explained

KEY = "tml-planted-key"


class Failure(Exception):
    """As the SDK's."""

    def __init__(self, text: str, status_code: int | None = None, category: str | None = None) -> None:
        super().__init__(text)
        self.status_code = status_code
        self.category = None if category is None else SimpleNamespace(value=category)


def told(error: BaseException, complaint: str | None = None) -> PolicyError | InfrastructureError:
    """As the backend raises it."""
    failure = explained(error, "https://x: sampling", KEY, 30.0, complaint)
    assert isinstance(failure, PolicyError | InfrastructureError)
    return failure


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (Failure("bad key", 401), PolicyError, "answered 401, TINKER_API_KEY is not accepted"),
        (Failure("not yours", 403), PolicyError, "answered 403, TINKER_API_KEY is not accepted"),
        (Failure("pay", 402), PolicyError, "the account has no credit"),
        (Failure("gone", 404), PolicyError, "remove the folders of its run under results/policies"),
        (Failure("what", 422), PolicyError, "answered 422: what; correct the request"),
        (Failure("slow", 429), InfrastructureError, "Failure: slow"),
        (Failure("expired", 410), InfrastructureError, "Failure: expired"),
        (Failure("broken", 503), InfrastructureError, "see whether the service is up"),
        (Failure("too long", category="user"), PolicyError, "refused it: too long"),
        (Failure("lost", category="server"), InfrastructureError, "lost"),
        (Failure("Connection error."), InfrastructureError, "Connection error."),
        (ValueError("no proto"), PolicyError, "that is no answer of Tinker's .no proto.; check base.base_url"),
        (TimeoutError(), InfrastructureError, r"no answer within base.deadline_s .30 s.; see whether"),
    ],
)
def test_each_fault_has_its_class_and_a_way_out(error: Exception, kind: type[Exception], said: str) -> None:
    """Only what another try may mend is an infrastructure error."""
    failure = told(error)
    assert type(failure) is kind
    with pytest.raises(kind, match=f"https://x: sampling: .*{said}"):
        raise failure


def test_a_deadline_tells_the_last_complaint() -> None:
    """As of an unpaid bill, for which the SDK waits an hour."""
    with pytest.raises(InfrastructureError, match="the last complaint was: paused due to billing; see"):
        raise told(TimeoutError(), "paused due to billing")


def test_no_message_shows_the_key_or_a_page() -> None:
    """Whatever the service echoes."""
    text = str(told(Failure(f"{KEY} " + "x" * 5000, 422)))
    assert KEY not in text and "[key]" in text and len(text) < 500


@pytest.mark.parametrize("key", ["tml-abc", "eyJabc.def"])
def test_both_kinds_of_key_pass(key: str) -> None:
    """Of the console, or of a login."""
    assert check_key(key) == key


@pytest.mark.parametrize("key", [None, "", "sk-secret", "tml-sec ret", "tml-sec\u00e9", "tml-sec\x00", "tml-"])
def test_what_is_no_key_is_refused_and_not_shown(key: str | None) -> None:
    """With the place to put one."""
    with pytest.raises(PolicyError, match=r"TINKER_API_KEY is .*\.env") as caught:
        check_key(key)
    assert "sec" not in str(caught.value)
