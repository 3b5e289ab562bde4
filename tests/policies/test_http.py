"""Requests to a server that misbehaves. No test waits: pauses are recorded instead."""

import gzip
import itertools
import threading

import pytest

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies import http
from kbwf.policies.http import MAX_ATTEMPTS, Server
from tests.policies.fake_server import Reply, serving

KEY = "sk-planted-1234567890"


def server_at(
    url: str, pauses_s: list[float] | None = None, deadline_s: float = 900.0, timeout_s: float = 60
) -> Server:
    """With a key, and a sleep that only notes how long it was to be."""
    sleep = (pauses_s if pauses_s is not None else []).append
    return Server(url, KEY, timeout_s=timeout_s, deadline_s=deadline_s, sleep=sleep)


def test_the_answer_is_the_json_object_and_the_key_is_sent_once() -> None:
    """As a bearer token, in a header alone."""
    with serving(lambda path, body, number: Reply({"answer": 42})) as fake:
        assert server_at(fake.url).ask("POST", "/completions", {"a": 1}) == {"answer": 42}
    ((path, body, headers),) = fake.requests
    assert (path, body, headers["Authorization"]) == ("/v1/completions", {"a": 1}, f"Bearer {KEY}")
    assert KEY not in path


def test_without_a_key_no_authorization_is_sent(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a password that ~/.netrc holds for this host."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(lambda path, body, number: Reply({})) as fake:
        Server(fake.url, None, 60, 900).ask("GET", "/models")
    assert "Authorization" not in fake.requests[0][2]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    """Twice a fault, HTML with it, then an answer: two pauses, three requests."""

    def answer(path, body, number):
        return Reply("<html>busy</html>", status, {"Content-Type": "text/html"}) if number < 2 else Reply({"a": 1})

    pauses_s: list[float] = []
    with serving(answer) as fake:
        assert server_at(fake.url, pauses_s).ask("GET", "/models") == {"a": 1}
    assert len(fake.requests) == 3
    assert len(pauses_s) == 2 and all(0 <= pause_s <= 60 for pause_s in pauses_s)


def test_the_pause_is_the_one_the_server_asks_for() -> None:
    """Seconds exactly; a date that has passed means now; what is neither is ignored."""
    headers = ["17", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "\u00b2", "Mon, 01 Jan 0001 00:00:00 -0000"]

    def answer(path, body, number):
        return Reply({}, 429, {"Retry-After": headers[number]}) if number < len(headers) else Reply({"a": 1})

    pauses_s: list[float] = []
    with serving(answer) as fake:
        server_at(fake.url, pauses_s).ask("GET", "/models")
    assert pauses_s[:2] == [17.0, 0.0]
    assert len(pauses_s) == len(headers)


def test_a_pause_beyond_the_deadline_ends_the_trying() -> None:
    """The server asks for an hour, the deadline is a minute: one request, no pause, and the job may be tried again."""
    pauses_s: list[float] = []
    with (
        serving(lambda path, body, number: Reply({"error": "slow down"}, 429, {"Retry-After": "3600"})) as fake,
        pytest.raises(InfrastructureError, match=r"answered 429: .*slow down.* \(1 attempts, deadline 60 s\)"),
    ):
        server_at(fake.url, pauses_s, deadline_s=60).ask("GET", "/models")
    assert (len(fake.requests), pauses_s) == (1, [])


def test_a_server_that_drops_every_connection_is_given_up() -> None:
    """After eight attempts."""
    pauses_s: list[float] = []
    with (
        serving(lambda path, body, number: Reply(None, 0)) as fake,
        pytest.raises(InfrastructureError, match=r"does not answer .*\(8 attempts, .*see whether the server is up"),
    ):
        server_at(fake.url, pauses_s).ask("POST", "/completions", {})
    assert len(fake.requests) == MAX_ATTEMPTS == 8
    assert len(pauses_s) == 7


def test_a_server_that_is_not_there_is_an_error_with_its_address() -> None:
    """A port that nobody listens on any more."""
    with serving(lambda path, body, number: Reply({})) as fake:
        url = fake.url
    with pytest.raises(InfrastructureError, match=rf"{url}/models does not answer"):
        server_at(url).ask("GET", "/models")


def test_a_slow_answer_is_given_up() -> None:
    """The server holds its answer back until the test is over."""
    is_over = threading.Event()

    def answer(path, body, number):
        is_over.wait(60)
        return Reply({})

    with serving(answer) as fake:
        with pytest.raises(InfrastructureError, match=r"did not answer within 0.05 s \(8 attempts"):
            server_at(fake.url, timeout_s=0.05).ask("GET", "/models")
        is_over.set()


def test_an_answer_that_drips_for_ever_ends_at_the_timeout() -> None:
    """Each byte comes at once, and by the clock a second after the one before."""
    seconds = itertools.count()
    with (
        serving(lambda path, body, number: Reply(iter(lambda: b" ", None))) as fake,
        pytest.raises(InfrastructureError, match=r"did not answer within 60 s \(1 attempts"),
    ):
        Server(fake.url, KEY, 60, 900, max_attempts=1, clock=lambda: float(next(seconds))).ask("GET", "/models")
    assert next(seconds) == 62


@pytest.mark.parametrize("status", [200, 302])
def test_an_answer_too_large_for_any_response_is_refused(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its size when uncompressed, or as much of it as has come; a redirect's too."""
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
    packed = gzip.compress(b" " * 1_000_000)
    headers = {"Location": "/login"}
    for reply in (
        Reply(packed, status, {**headers, "Content-Encoding": "gzip"}),
        Reply(itertools.repeat(b" " * 1000), status, headers),
    ):
        with (
            serving(lambda path, body, number, reply=reply: reply) as fake,
            pytest.raises(PolicyError, match=r"answered with more than 0.1 MB, .*lower sampling.max_tokens"),
        ):
            server_at(fake.url).ask("GET", "/models")
        assert len(fake.requests) == 1


def test_a_compressed_answer_is_read() -> None:
    """As a proxy sends it."""
    packed = gzip.compress(b'{"a": "' + b"x" * 200_000 + b'"}')
    with serving(lambda path, body, number: Reply(packed, 200, {"Content-Encoding": "gzip"})) as fake:
        assert server_at(fake.url).ask("GET", "/models") == {"a": "x" * 200_000}


def test_an_answer_that_breaks_off_is_tried_again() -> None:
    """Half of it is none."""
    with serving(lambda path, body, number: Reply(b"{}", 200, {"Content-Length": "9"} if number < 2 else {})) as fake:
        assert server_at(fake.url).ask("GET", "/models") == {}
    assert len(fake.requests) == 3


@pytest.mark.parametrize("charset", ["undefined", "idna", "no-such", "latin-1"])
def test_an_answer_is_utf_8_whatever_its_charset_is_said_to_be(charset: str) -> None:
    """JSON is nothing else; a byte order mark does no harm."""
    reply = Reply('\ufeff{"a": "\u00e9"}', 200, {"Content-Type": f"text/html; charset={charset}"})
    with serving(lambda path, body, number: reply) as fake:
        assert server_at(fake.url).ask("GET", "/models") == {"a": "\u00e9"}


def test_an_error_in_an_answer_of_success_may_pass() -> None:
    """As a gateway writes it when the server behind it is busy."""
    busy = Reply({"error": {"message": "overloaded", "code": 429}})
    with serving(lambda path, body, number: busy if number < 2 else Reply({"a": 1})) as fake:
        assert server_at(fake.url).ask("GET", "/models") == {"a": 1}


@pytest.mark.parametrize(
    "url",
    ["http://[", "http://[::1/v1", "http://h:99999999/v1", "http://a..b/v1", f"http://{'a' * 70}.b/v1", "http://"],
)
def test_a_url_that_nobody_can_read_is_told(url: str) -> None:
    """Whoever of the three libraries finds it out."""
    with pytest.raises(PolicyError, match=r"cannot be asked .*check base\.base_url"):
        server_at(url).ask("GET", "/models")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply({"error": f"bad key {KEY}"}, 401), "401, the key that was sent is not accepted; set OPENAI_API_KEY"),
        (Reply({"error": "no such model"}, 404), "404: .*no such model.*usually ends in /v1"),
        (Reply({"error": f"max_tokens too large {KEY}"}, 400), r"400: .*max_tokens too large \[key\]"),
        (Reply("<html><h1>Hello</h1></html>", 200, {"Content-Type": "text/html"}), "with text/html, not with a JSON"),
        (Reply("hello", 200, {"Content-Type": f"text/{KEY}"}), r"with text/\[key\], not with a JSON"),
        (Reply("[1, 2]"), "not with a JSON object"),
        (Reply("", 302, {"Location": "/login"}), "answered 302"),
        (Reply("", 302, {"Location": "http://["}), "answered 302"),
        (Reply("[" * 100_000), r"not with a JSON object: \[\[\["),
        (Reply('{"a": ' + "9" * 6000 + "}"), "not with a JSON object"),
        (Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}), "cannot be asked .*gzip"),
        (Reply({"error": {"message": f"no {KEY}"}}), r"answered with an error: no \[key\]; correct the request"),
        (Reply({"error": "out of memory"}), "answered with an error: out of memory"),
    ],
    ids=[
        "key",
        "model",
        "request",
        "html",
        "type",
        "list",
        "moved",
        "nowhere",
        "deep",
        "digits",
        "gzip",
        "error",
        "said",
    ],
)
def test_a_refusal_is_not_tried_again_and_shows_no_key(reply: Reply, message: str) -> None:
    """One request, and a message that says what to do, whatever the server echoes."""
    with serving(lambda path, body, number: reply) as fake, pytest.raises(PolicyError, match=message) as caught:
        server_at(fake.url).ask("POST", "/completions", {})
    assert len(fake.requests) == 1
    assert KEY not in str(caught.value)


def test_an_answer_comes_without_the_key_that_it_echoes() -> None:
    """In names, values and nested lists; what is said of it later cannot hold the key."""
    echo = {"choices": [{"text": f"return x  # Bearer {KEY}", KEY: [KEY]}]}
    with serving(lambda path, body, number: Reply(echo)) as fake:
        answer = server_at(fake.url).ask("POST", "/completions", {})
    assert answer == {"choices": [{"text": "return x  # Bearer [key]", "[key]": ["[key]"]}]}


def test_a_missing_key_is_said_to_be_missing() -> None:
    """Not that it is wrong."""
    with (
        serving(lambda path, body, number: Reply({}, 401)) as fake,
        pytest.raises(PolicyError, match="401, no key was sent; set OPENAI_API_KEY"),
    ):
        Server(fake.url, None, 60, 900).ask("GET", "/models")


def test_the_key_is_not_in_the_server_s_own_text() -> None:
    """A log line or a traceback may print it."""
    assert KEY not in repr(server_at("http://host/v1"))
