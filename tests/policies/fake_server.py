"""A server on loopback that answers as the test says: vLLM's, SGLang's and llama.cpp's shapes, and faults."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "some/model"


@dataclass
class Reply:
    """One answer: JSON, text, bytes, or an iterator of bytes that are sent one after the other until the other side has
    enough. `status` 0 drops the connection without a word."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


Answer = Callable[[str, dict[str, Any] | None, int], Reply]
"""From the path, the request's body and how many requests came before, to the answer."""


class FakeServer:
    """What was asked, and where to ask."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[tuple[str, dict[str, Any] | None, dict[str, str]]] = []
        """Path, body and headers of each request."""
        self.lock = threading.Lock()
        self.url = ""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Of the requests that had one."""
        return [body for _, body, _ in self.requests if body is not None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[FakeServer]:
    """A server for the length of a `with` block."""
    fake = FakeServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(None)

        def do_POST(self) -> None:
            self.respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def respond(self, asked: dict[str, Any] | None) -> None:
            with fake.lock:
                number = len(fake.requests)
                fake.requests.append((self.path, asked, dict(self.headers)))
            reply = fake.answer(self.path, asked, number)
            if not reply.status:
                self.connection.close()
                return
            is_stream = isinstance(reply.body, Iterator)
            body = reply.body if isinstance(reply.body, bytes | str) or is_stream else json.dumps(reply.body)
            pieces = body if is_stream else [body.encode() if isinstance(body, str) else body]
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if not is_stream and "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(pieces[0])))
            self.end_headers()
            with contextlib.suppress(OSError):  # who waited has given up
                for piece in pieces:
                    self.wfile.write(piece)

        def log_message(self, *_: Any) -> None:
            """Nothing to the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def chat_answer(
    text: str | None = "return x",
    logprobs: tuple[float, ...] | None = (-0.5, -1.25),
    finish_reason: str = "stop",
    token_ids: list[int] | None = None,
) -> dict[str, Any]:
    """A chat completion as vLLM writes it; with `token_ids` as after `return_token_ids`."""
    content = [
        {"token": f"t{i}", "logprob": logprob, "bytes": [116], "top_logprobs": []}
        for i, logprob in enumerate(logprobs or ())
    ]
    message = {"role": "assistant", "content": text, "refusal": None, "tool_calls": [], "reasoning_content": None}
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": None if logprobs is None else {"content": content},
        "finish_reason": finish_reason,
        "stop_reason": None,
    }
    if token_ids is not None:
        choice["token_ids"] = token_ids
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9, "prompt_tokens_details": None}
    return {"id": "c-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], "usage": usage}


def completion_answer(text: str = "return x", logprobs: tuple[float, ...] = (-0.5, -1.25)) -> dict[str, Any]:
    """A completion as vLLM and SGLang write it."""
    listed = {
        "tokens": [f"t{i}" for i in range(len(logprobs))],
        "token_logprobs": list(logprobs),
        "top_logprobs": [{f"t{i}": logprob} for i, logprob in enumerate(logprobs)],
        "text_offset": list(range(len(logprobs))),
    }
    choice = {"index": 0, "text": text, "logprobs": listed, "finish_reason": "length", "stop_reason": None}
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    return {"id": "c-2", "object": "text_completion", "created": 1, "model": MODEL, "choices": [choice], "usage": usage}


def models_answer(*names: str) -> dict[str, Any]:
    """The list of models as vLLM writes it."""
    data = [{"id": name, "object": "model", "owned_by": "vllm", "root": name, "max_model_len": 4096} for name in names]
    return {"object": "list", "data": data}


def well_behaved(path: str, body: dict[str, Any] | None, number: int) -> Reply:
    """Lists one model, and answers any chat with two tokens."""
    return Reply(models_answer(MODEL) if path.endswith("/models") else chat_answer())
