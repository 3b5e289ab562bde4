"""What went wrong with Tinker, in a sentence with a way out. It needs no SDK."""

import re

from kbwf.errors import InfrastructureError, KbwfError, PolicyError
from kbwf.policies.keys import without_key

MAX_SHOWN_CHARS = 300
"""Of what the service or the SDK says, in a message."""
PASSING_STATUSES = frozenset({408, 409, 410, 425, 429})
"""Of the statuses below 500, those after which the same request may succeed."""
_KEY_HELP = "set it in the environment or in a file .env; keys are made in Tinker's console"


def check_key(key: str | None) -> str:
    """The key, if it is one.

    Raises:
        PolicyError: it is missing, or cannot be one. It is not shown.
    """
    if not key:
        raise PolicyError(f"TINKER_API_KEY is not set, and base.backend tinker needs it; {_KEY_HELP}")
    if not re.fullmatch(r"(tml-|eyJ)[\x21-\x7e]+", key):
        raise PolicyError(
            f"TINKER_API_KEY is no key of Tinker: those begin with tml- (or eyJ) and hold neither spaces nor"
            f" anything but ASCII; {_KEY_HELP}"
        )
    return key


def explained(error: BaseException, what: str, key: str, deadline_s: float, complaint: str | None) -> KbwfError:
    """One of our errors for one of the SDK's, which is recognised by what it carries.

    Args:
        what: where and what for, as in `https://…: sampling from tinker://…`.
        complaint: what the SDK last warned of.
    """
    status = getattr(error, "status_code", None)
    category = str(getattr(getattr(error, "category", None), "value", getattr(error, "category", "")))
    said = " ".join(without_key(str(error) or type(error).__name__, key).split())[:MAX_SHOWN_CHARS]
    if isinstance(error, TimeoutError):
        last = f"; the last complaint was: {complaint}" if complaint else ""
        return InfrastructureError(
            f"{what}: no answer within base.deadline_s ({deadline_s:g} s){last}; see whether the service is up and the"
            " account has credit, or raise the deadline"
        )
    if status in (401, 403):
        return PolicyError(f"{what}: the service answered {status}, TINKER_API_KEY is not accepted; {_KEY_HELP}")
    if status == 402:
        return PolicyError(f"{what}: the service answered 402, the account has no credit ({said}); add some, run again")
    if status == 404:
        return PolicyError(
            f"{what}: the service answered 404 ({said}); if it is a model, take a name that it lists; if it is a"
            " checkpoint that is gone, remove the folders of its run under results/policies and run again: its steps"
            " are made anew. It may also be base.base_url"
        )
    if isinstance(status, int) and 400 <= status < 500 and status not in PASSING_STATUSES:
        return PolicyError(f"{what}: the service answered {status}: {said}; correct the request")
    if category == "user":
        return PolicyError(
            f"{what}: the service refused it: {said}; correct it, or, if a checkpoint is gone, remove the folders of"
            " its run under results/policies and run again"
        )
    if isinstance(error, ValueError) or type(error).__name__ == "APIResponseValidationError":
        return PolicyError(
            f"{what}: that is no answer of Tinker's ({said}); check base.base_url, and the SDK's version"
        )
    return InfrastructureError(f"{what}: {type(error).__name__}: {said}; see whether the service is up, and run again")
