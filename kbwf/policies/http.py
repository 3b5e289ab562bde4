"""One JSON request to a server: tried again where that can help, an error that says what to do where it cannot.

`requests` sends, `tenacity` repeats. A key is sent, and appears nowhere else: whatever the server echoes is cleaned of
it before anything is read, so that no message, sample or record can hold it.
"""

import email.utils
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import tenacity
import urllib3

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies.keys import without_key

log = logging.getLogger(__name__)

PASSING_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Of a server that is busy, starting or restarting: the same request may succeed later."""
MAX_ATTEMPTS = 8
MAX_WAIT_S = 60.0
"""Between two attempts, unless the server asks for another time."""
CONNECT_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64_000_000
"""Uncompressed. The longest responses are a hundredth of it, log-probabilities included."""
PIECE_BYTES = 65536
MAX_SHOWN_CHARS = 300
"""Of a server's answer, in a message."""


class _PassingError(Exception):
    """What may be gone the next time; with the seconds the server wants to be left alone, if it said so."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Server:
    """A server, and how long to try. Safe to use from several threads."""

    base_url: str
    """Without the path of a request: `http://localhost:8000/v1`."""
    api_key: str | None = field(repr=False)
    timeout_s: float
    """For the answer to one attempt, whole; and for each silence within it."""
    deadline_s: float
    """No attempt begins later than this after the first."""
    max_attempts: int = MAX_ATTEMPTS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object that the server answers with.

        Raises:
            PolicyError: the server refuses: wrong key, URL, model or request; or it does not speak JSON.
            InfrastructureError: it was busy or not there, at every attempt.
        """
        jitter = tenacity.wait_random_exponential(multiplier=1, max=MAX_WAIT_S)

        def wait_s(state: tenacity.RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            asked_s = failure.wait_s if isinstance(failure, _PassingError) else None
            return jitter(state) if asked_s is None else asked_s

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingError),
            wait=wait_s,
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self.max_attempts), tenacity.stop_before_delay(self.deadline_s)
            ),
            sleep=self.sleep,
            before_sleep=lambda state: log.warning("%s; trying again", state.outcome and state.outcome.exception()),
            reraise=True,
        )
        try:
            return attempts(self._attempt, method, f"{self.base_url.rstrip('/')}{path}", body)
        except _PassingError as failure:
            number = attempts.statistics["attempt_number"]
            raise InfrastructureError(
                f"{failure} ({number} attempts, deadline {self.deadline_s:g} s); see whether the server is up, or raise"
                " base.deadline_s"
            ) from None

    def _attempt(self, method: str, url: str, body: dict[str, Any] | None) -> dict[str, Any]:
        until_s = self.clock() + self.timeout_s
        try:
            with _Session() as session, session.request(
                method, url, json=body, auth=self._authorize, allow_redirects=False, stream=True,
                timeout=(CONNECT_TIMEOUT_S, self.timeout_s),
            ) as answer:  # fmt: skip
                content = self._content(answer, url, until_s)
        except requests.exceptions.SSLError as error:
            raise PolicyError(self._clean(f"{url}: no trusted connection ({error}); check base.base_url")) from None
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise self._too_slow(url) from None
        except (requests.ConnectionError, urllib3.exceptions.ProtocolError) as error:
            raise _PassingError(self._clean(f"{url} does not answer ({_root(error)})")) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise PolicyError(self._clean(f"{url} cannot be asked ({error}); check base.base_url")) from None
        text = self._clean(content.decode("utf-8-sig", "replace"))  # JSON is UTF-8, whatever a header says
        shown = " ".join(text.split())[:MAX_SHOWN_CHARS]
        if answer.status_code in PASSING_STATUSES:
            raise _PassingError(f"{url} answered {answer.status_code}: {shown}", _retry_after_s(answer))
        if answer.status_code in (401, 403):
            given = "the key that was sent is not accepted" if self.api_key else "no key was sent"
            raise PolicyError(
                f"{url} answered {answer.status_code}, {given}; set OPENAI_API_KEY in the environment or in a file .env"
            )
        if answer.status_code == 404:
            raise PolicyError(
                f"{url} answered 404: {shown}; base.base_url usually ends in /v1, and base.model must be a name that"
                " the server lists under /models"
            )
        if answer.status_code != 200:
            raise PolicyError(f"{url} answered {answer.status_code}: {shown}; correct the request, or base.base_url")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):  # also a number of thousands of digits, and a thousand brackets
            value = None
        if not isinstance(value, dict):
            kind = self._clean(answer.headers.get("Content-Type", "no content type"))
            raise PolicyError(
                f"{url} answered with {kind}, not with a JSON object: {shown}; base.base_url usually ends in /v1"
            )
        if fault := value.get("error"):
            raise _told(url, fault)
        return value

    def _content(self, answer: requests.Response, url: str, until_s: float) -> bytes:
        """What the answer holds, uncompressed: read as it comes, since a server may send a byte at a time for ever."""
        content = bytearray()
        while piece := answer.raw.read1(PIECE_BYTES, decode_content=True):
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise PolicyError(
                    f"{url} answered with more than {MAX_ANSWER_BYTES / 1e6:g} MB, which is no response; check"
                    " base.base_url, and lower sampling.max_tokens"
                )
            if self.clock() > until_s:
                raise self._too_slow(url)
        return bytes(content)

    def _too_slow(self, url: str) -> _PassingError:
        return _PassingError(f"{url} did not answer within {self.timeout_s:g} s")

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Always given: without it requests would look for a password in ~/.netrc, and prefer that one.
        if self.api_key:
            request.headers["Authorization"] = f"Bearer {self.api_key}"
        return request

    def _clean(self, text: str) -> str:
        return without_key(text, self.api_key)


class _Session(requests.Session):
    """Follows nothing."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: to see where to go, requests would read the whole answer, however long."""


def _told(url: str, error: Any) -> Exception:
    """For an answer of status 200 that holds an error, as gateways write it when the server behind them fails."""
    message, code = (error.get("message"), error.get("code")) if isinstance(error, dict) else (None, None)
    said = " ".join(str(message or error).split())[:MAX_SHOWN_CHARS]
    if isinstance(code, int) and code in PASSING_STATUSES:
        return _PassingError(f"{url} answered with an error: {said}")
    return PolicyError(f"{url} answered with an error: {said}; correct the request, or base.base_url")


def _retry_after_s(answer: requests.Response) -> float | None:
    """Of the header Retry-After: seconds, or a date (RFC 9110, section 10.2.3)."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):  # a date that is none, or one before time began
        return None


def _root(error: BaseException) -> str:
    """The last word of nested errors: `Connection refused` rather than its wrapping."""
    text = str(error)
    return text.rpartition("] ")[2].rstrip("')\"") or type(error).__name__
