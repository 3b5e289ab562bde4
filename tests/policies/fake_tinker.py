"""The Tinker service as a fake on loopback: every token has the same log-probability, and any request can go wrong.

It speaks what the SDK 0.38 speaks: JSON, and protobuf for samples and for what training returns.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

MODEL = "org/model"
PROTOBUF = "application/x-protobuf"
LOGPROB = -1.5
KEY = "tml-planted-key"


@dataclass
class Reply:
    """One answer: JSON, bytes of protobuf, or text. `status` 0 drops the connection without a word."""

    body: Any
    status: int = 200


@dataclass
class FakeTinker:
    """What was asked, and what is to be answered."""

    fault: Callable[[str, int], Reply | None] = lambda path, number: None
    """From a path below /api/v1 and how often it was asked for before to an answer in place of the right one."""
    tokens: list[int] = field(default_factory=lambda: [5, 6, 0])
    """Of every sample."""
    sampled_logprobs: list[float] | None = None
    """Those that come with a sample; None: `LOGPROB` for each."""
    trained_logprobs: Callable[[int], list[float]] = lambda num_tokens: [LOGPROB] * num_tokens
    url: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    """Path and body of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    results: dict[str, Reply] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, path: str) -> int:
        """How often it was asked for."""
        return sum(asked == path for asked, _ in self.asked)

    def answer(self, path: str, body: Any) -> Reply:
        """The right one."""
        if path == "get_server_capabilities":
            return Reply({"supported_models": [{"model_name": MODEL}]})
        if path == "create_session":
            return Reply({"session_id": "session", "type": "create_session"})
        if path == "session_heartbeat":
            return Reply({"type": "session_heartbeat"})
        if path == "create_sampling_session":
            return Reply({"sampling_session_id": f"sampling{len(self.asked)}", "type": "create_sampling_session"})
        if path.startswith("samplers/"):
            return Reply(
                {"sampler_id": "sampling", "base_model": MODEL, "model_path": "tinker://run/sampler_weights/x"}
            )
        if path == "get_info":
            data = {"model_name": MODEL}
            return Reply({"model_id": body["model_id"], "model_data": data, "is_lora": True, "lora_rank": 8})
        if path == "telemetry":
            return Reply({"status": "accepted"})
        if path == "asample":
            return self.promised(self.sampled(body), sample_sequence_ids=[f"s{i}" for i in range(body["num_samples"])])
        if path == "forward_backward":
            return self.promised(self.trained(body))
        if path == "retrieve_future":
            return self.results[body["request_id"]]
        promises = {
            "create_model": {"model_id": "run", "type": "create_model"},
            "load_weights": {"type": "load_weights"},
            "optim_step": {"metrics": {"grad_norm": 2.5}, "type": "optim_step"},
            "save_weights": {"path": f"tinker://run/weights/{len(self.asked)}", "type": "save_weights"},
            "save_weights_for_sampler": {
                "path": f"tinker://run/sampler_weights/{len(self.asked)}",
                "type": "save_weights_for_sampler",
            },
        }
        return self.promised(Reply(promises[path])) if path in promises else Reply({})

    def promised(self, result: Reply, **others: Any) -> Reply:
        """A request id, under which the result can be fetched."""
        key = str(len(self.results))
        self.results[key] = result
        return Reply({"request_id": key, **others})

    def sampled(self, body: dict[str, Any]) -> Reply:
        """`num_samples` times `tokens`, and scores of the prompt if they are asked for."""
        from tinker.proto import tinker_public_pb2 as messages

        given = [LOGPROB] * len(self.tokens) if self.sampled_logprobs is None else self.sampled_logprobs
        answer = messages.SampleResponse()
        for _ in range(body["num_samples"]):
            answer.sequences.add(
                stop_reason=messages.STOP_REASON_STOP,
                tokens=np.asarray(self.tokens, np.int32).tobytes(),
                logprobs=np.asarray(given, np.float32).tobytes(),
            )
        if body.get("prompt_logprobs"):
            num_tokens = sum(len(chunk["tokens"]) for chunk in body["prompt"]["chunks"])
            answer.prompt_logprobs = np.asarray([np.nan, *self.trained_logprobs(num_tokens - 1)], np.float32).tobytes()
        return Reply(answer.SerializeToString())

    def trained(self, body: bytes) -> Reply:
        """A log-probability for each target of each example."""
        from tinker.proto import tinker_public_pb2 as messages

        request = messages.ForwardBackwardRequest.FromString(body)
        rows = [
            np.asarray(self.trained_logprobs(len(datum.loss_fn_inputs["target_tokens"].dense) // 8), np.float32)
            for datum in request.data
        ]
        answer = messages.ForwardBackwardOutput(loss_fn_output_type="ArrayRecord")
        record = answer.loss_fn_outputs.add(type_tag="ArrayRecord", num_datums=len(rows))
        record.fields["logprobs"].data = b"".join(row.tobytes() for row in rows)
        record.fields["logprobs"].dtype = messages.DTYPE_FLOAT32
        record.fields["logprobs"].offsets = np.cumsum([0, *(row.nbytes for row in rows)], dtype=np.int64).tobytes()
        return Reply(answer.SerializeToString())


@contextlib.contextmanager
def serving() -> Iterator[FakeTinker]:
    """The fake for the length of a `with` block."""
    fake = FakeTinker()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.respond(None)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
            is_json = "json" in self.headers.get("Content-Type", "")
            self.respond(json.loads(raw) if is_json else raw)

        def respond(self, body: Any) -> None:
            path = self.path.partition("/api/v1/")[2].partition("?")[0]
            with fake.lock:
                reply = fake.fault(path, fake.count(path)) or fake.answer(path, body)
                fake.asked.append((path, body))
                fake.headers.append(dict(self.headers))
            self.close_connection = True  # none outlives the test
            if not reply.status:
                self.connection.close()
                return
            kind = PROTOBUF if isinstance(reply.body, bytes) else "text/html" if isinstance(reply.body, str) else None
            text = json.dumps(reply.body) if kind is None else reply.body
            raw = text if isinstance(text, bytes) else text.encode()
            with contextlib.suppress(OSError):  # who waited has given up
                self.send_response(reply.status)
                self.send_header("Content-Type", kind or "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Nothing to the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
