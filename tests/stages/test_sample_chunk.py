"""Facts about chunks of samples, with a demo policy after one step of training."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import PolicyError, RecordError
from kbwf.policies.local import LocalPolicy
from kbwf.policies.protocols import Draw, Message
from kbwf.records import Checkpoint, Sample, Task
from kbwf.settings import BaseSettings, PromptSettings, TaskSettings
from kbwf.stages.describe_policy import describe_policy
from kbwf.stages.sample_chunk import SampleHandler, draw_chunk, draw_seed
from kbwf.store import read_records, write_record
from kbwf.tasks.prompts import build_messages, forward_body
from kbwf.tasks.sources import load_task

BASE = BaseSettings(device="cpu").model_dump(mode="json")
CHECKPOINT = Checkpoint(policy_id="base", backend="local", step=0, base_model="m", revision=None)


class RecordingSampler:
    """Answers with its arguments."""

    model = "recording"

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """Numbered responses of two tokens, without a look at the task."""
        self.seeds.append(seed)
        return [Draw(f"return {i}", (5, 0), (-0.5, 0.0), (-1.5, -0.25), 7, "stop") for i in range(num_samples)]

    def release(self) -> None:
        """It holds nothing."""


@pytest.fixture(scope="module")
def task() -> Task:
    """The first bundled problem."""
    return load_task(TaskSettings(), 1)


@pytest.fixture
def request_fields(demo_folder: Path, task: Task, tmp_path: Path) -> dict[str, Any]:
    """What a sampling job asks for."""
    describe_policy("base", "local", BASE, PromptSettings(), demo_folder, tmp_path / "checkpoint.json")
    write_record(tmp_path / "task.json", task)
    return {
        "policy": str(tmp_path / "checkpoint.json"),
        "task": str(tmp_path / "task.json"),
        "prompt": PromptSettings().model_dump(mode="json"),
        "settings": BASE,
        "seed": 0,
        "chunk": 1,
        "chunk_size": 3,
        "temperature": 1.0,
        "max_tokens": 12,
        "output": str(tmp_path / "out" / "chunk1.jsonl"),
    }


def test_samples_are_numbered_on_from_the_chunks_before(task: Task) -> None:
    """Chunk 2 of size 4 holds samples 8 to 11, with what the backend returned."""
    samples = draw_chunk(RecordingSampler(), CHECKPOINT, task, PromptSettings(), 3, 2, 4, 0.5, 100)
    assert [sample.sample_idx for sample in samples] == [8, 9, 10, 11]
    assert [sample.response for sample in samples] == ["return 0", "return 1", "return 2", "return 3"]
    first = samples[0]
    assert (first.task_id, first.policy_id, first.seed, first.model) == ("l0_p001", "base", 3, "recording")
    assert (first.token_ids_T, first.sampling_logprobs_T, first.policy_logprobs_T) == (
        (5, 0),
        (-0.5, 0.0),
        (-1.5, -0.25),
    )
    assert (first.temperature, first.num_prompt_tokens, first.finish_reason) == (0.5, 7, "stop")


def test_of_a_task_that_cannot_be_judged_nothing_is_drawn(request_fields: dict[str, Any], tmp_path: Path) -> None:
    """No policy is loaded; the samples are there, in their number, and say why they are empty."""
    (tmp_path / "refusal.txt").write_text("it draws at random")
    (tmp_path / "out").mkdir()
    handler = SampleHandler()
    handler.handle(request_fields | {"refusal": str(tmp_path / "refusal.txt")})
    samples = read_records(Path(request_fields["output"]), Sample)
    assert [one.sample_idx for one in samples] == [3, 4, 5]
    assert {(one.response, one.num_tokens, one.refusal) for one in samples} == {("", 0, "it draws at random")}
    assert handler._sampler is None


def test_the_prompt_is_recorded_by_its_hash(task: Task) -> None:
    """SHA-256 of the messages' canonical JSON: another style is another prompt."""
    hashes = set()
    for style in ("forward_body", "model_new"):
        (sample,) = draw_chunk(RecordingSampler(), CHECKPOINT, task, PromptSettings(style=style), 0, 0, 1, 1.0, 10)
        text = json.dumps(list(build_messages(task, style)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert sample.prompt_sha256 == hashlib.sha256(text.encode()).hexdigest()
        hashes.add(sample.prompt_sha256)
    assert len(hashes) == 2


def test_the_seed_of_a_draw_depends_on_seed_task_and_chunk_only(task: Task) -> None:
    """Sixty-three bits of a hash: 48 combinations give 48 numbers, and the policy has no part in them."""
    seeds = {draw_seed(seed, task_id, chunk) for seed in range(4) for task_id in "abc" for chunk in range(4)}
    assert len(seeds) == 48
    assert all(0 <= seed < 2**63 for seed in seeds)
    first_bits = int(hashlib.sha256(b"0/l0_p001/1").hexdigest()[:16], 16)
    assert draw_seed(0, "l0_p001", 1) == first_bits // 2
    sampler = RecordingSampler()
    for policy_id in ("base", "ttt.step3"):
        draw_chunk(
            sampler, CHECKPOINT.model_copy(update={"policy_id": policy_id}), task, PromptSettings(), 0, 1, 1, 1.0, 10
        )
    assert sampler.seeds == [draw_seed(0, "l0_p001", 1)] * 2


def test_a_request_writes_its_chunk(request_fields: dict[str, Any], demo_folder: Path) -> None:
    """Three samples with numbers 3 to 5 of the demo policy; the reply counts samples and tokens."""
    reply = SampleHandler().handle(request_fields)
    samples = read_records(Path(request_fields["output"]), Sample)
    assert [sample.sample_idx for sample in samples] == [3, 4, 5]
    assert samples[0].model.startswith(f"{demo_folder}@")
    num_tokens = sum(len(sample.token_ids_T) for sample in samples)
    assert reply["message"].startswith(f"3 samples, {num_tokens} tokens, ")


def test_the_same_request_writes_the_same_bytes(request_fields: dict[str, Any]) -> None:
    """Also with the policy loaded anew."""
    SampleHandler().handle(request_fields)
    first = Path(request_fields["output"]).read_bytes()
    SampleHandler().handle(request_fields)
    assert Path(request_fields["output"]).read_bytes() == first


def test_a_policy_is_loaded_once_and_replaced_by_another(
    request_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal checkpoints share the weights; another dtype is another policy, and the old one is released first."""
    events: list[str] = []
    load, release = LocalPolicy.__init__, LocalPolicy.release
    monkeypatch.setattr(LocalPolicy, "__init__", lambda self, *a: (events.append("load"), load(self, *a))[1])
    monkeypatch.setattr(LocalPolicy, "release", lambda self: (events.append("release"), release(self))[1])
    handler = SampleHandler()
    handler.handle(request_fields)
    handler.handle(request_fields | {"chunk": 2})
    assert events == ["load"]
    handler.handle(request_fields | {"settings": BASE | {"dtype": "bfloat16"}})
    assert events == ["load", "release", "load"]


class Service:
    """A backend that counts what it is asked for."""

    def __init__(self) -> None:
        self.sampler = RecordingSampler()

    def open_sampler(self, *_: Any) -> RecordingSampler:
        """The same for all."""
        return self.sampler


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, request_fields: dict[str, Any]) -> Service:
    """In place of every backend, once the demo policy has been described."""
    service = Service()
    monkeypatch.setattr("kbwf.policies.table.load", lambda _: service)
    return service


@pytest.fixture
def served(request_fields: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A chunk of a policy behind a server, with a store."""
    write_record(tmp_path / "served.json", CHECKPOINT.model_copy(update={"backend": "openai"}))
    settings = {"model": "m", "base_url": "http://a:1/v1", "logprobs_temperature": "one"}
    return {
        **request_fields,
        "policy": str(tmp_path / "served.json"),
        "settings": settings,
        "store": str(tmp_path / "s"),
    }


def test_what_a_service_answered_is_not_asked_for_again(service: Service, served: dict[str, Any]) -> None:
    """Samples that were removed come out byte for byte, also from a server that has moved."""
    handler = SampleHandler()
    assert "not asked for again" not in handler.handle(served)["message"]
    first = Path(served["output"]).read_bytes()
    Path(served["output"]).unlink()
    moved = {**served, "settings": {**served["settings"], "base_url": "http://b:2/v1"}}
    assert "taken from the store, not asked for again" in SampleHandler().handle(moved)["message"]
    assert Path(served["output"]).read_bytes() == first
    assert len(service.sampler.seeds) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1}, {"chunk": 2}, {"chunk_size": 4}, {"temperature": 0.5}, {"max_tokens": 13},
        {"settings": {"model": "m", "logprobs_temperature": "sampling"}},
        {"prompt": PromptSettings(style="model_new").model_dump(mode="json")},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_was_not_asked_before_is_asked(service: Service, served: dict[str, Any], change: dict[str, Any]) -> None:
    """Anything that the answers depend on; and then the first is there still."""
    handler = SampleHandler()
    handler.handle(served)
    handler.handle(served | change)
    assert len(service.sampler.seeds) == 2
    handler.handle(served)
    assert len(service.sampler.seeds) == 2


def test_without_a_store_or_on_this_machine_it_is_drawn_anew(
    service: Service, served: dict[str, Any], request_fields: dict[str, Any]
) -> None:
    """What the policy is on this machine gives the same at no price."""
    handler = SampleHandler()
    without = {name: value for name, value in served.items() if name != "store"}
    for request in (without, without, request_fields | {"store": served["store"]}):
        handler.handle(request)
    assert len(service.sampler.seeds) == 3
    assert not Path(served["store"]).exists()


def test_kept_answers_that_cannot_be_read_or_written_cost_a_remark(service: Service, served: dict[str, Any]) -> None:
    """A damaged entry, one under another's name, and a store that is a file."""
    handler = SampleHandler()
    handler.handle(served)
    (entry,) = (Path(served["store"]) / "answers").iterdir()
    good = entry.read_text()
    for bad in ("{", good.replace('"seed"', '"seen"', 1)):
        entry.write_text(bad)
        assert "an entry of the store was not taken: " in handler.handle(served)["message"]
        assert entry.read_text() == good  # replaced
    shutil.rmtree(served["store"])
    Path(served["store"]).write_text("")
    assert "not kept for reuse: " in handler.handle(served)["message"]
    assert len(service.sampler.seeds) == 4 and len(read_records(Path(served["output"]), Sample)) == 3


def test_a_failed_load_leaves_the_handler_usable(request_fields: dict[str, Any], tmp_path: Path) -> None:
    """A request for a missing model raises, and the next request is answered."""
    missing = CHECKPOINT.model_copy(update={"base_model": str(tmp_path / "nowhere")})
    write_record(tmp_path / "missing.json", missing)
    handler = SampleHandler()
    handler.handle(request_fields)
    with pytest.raises(PolicyError, match="is no folder"):
        handler.handle(request_fields | {"policy": str(tmp_path / "missing.json")})
    Path(request_fields["output"]).unlink()
    handler.handle(request_fields)
    assert len(read_records(Path(request_fields["output"]), Sample)) == 3


def test_a_request_without_a_task_file_is_refused(request_fields: dict[str, Any], tmp_path: Path) -> None:
    """The error names the path, and nothing is written."""
    with pytest.raises(RecordError, match="no-task.json does not exist"):
        SampleHandler().handle(request_fields | {"task": str(tmp_path / "no-task.json")})
    assert not Path(request_fields["output"]).exists()


def test_the_control_answers_with_the_references_own_body(
    request_fields: dict[str, Any], task: Task, tmp_path: Path
) -> None:
    """Every sample of a chunk is the reference's forward body, certain, and no model is loaded."""
    describe_policy("identity", "control", {}, PromptSettings(), None, tmp_path / "identity.json")
    SampleHandler().handle(request_fields | {"policy": str(tmp_path / "identity.json"), "settings": {}})
    samples = read_records(Path(request_fields["output"]), Sample)
    assert [sample.response for sample in samples] == [forward_body(task.reference_source)] * 3
    assert {sample.nll_mean_nats for sample in samples} == {0.0}
    assert {(sample.policy_id, sample.model) for sample in samples} == {("identity", "identity")}


def test_a_recorded_chunk_is_taken_by_number(request_fields: dict[str, Any], tmp_path: Path) -> None:
    """Samples 3 to 5 of the recording, whatever temperature the study says; nothing is drawn."""
    lines = [{"task_id": "l0_p001", "sample_idx": idx, "response": f"return {idx}"} for idx in range(6)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {"backend": "replay", "path": str(tmp_path / "a.jsonl")}
    describe_policy("base", "replay", settings, PromptSettings(), None, tmp_path / "replay.json")
    SampleHandler().handle(request_fields | {"policy": str(tmp_path / "replay.json"), "settings": settings})
    samples = read_records(Path(request_fields["output"]), Sample)
    assert [(sample.sample_idx, sample.response) for sample in samples] == [
        (3, "return 3"),
        (4, "return 4"),
        (5, "return 5"),
    ]
    assert {sample.temperature for sample in samples} == {None}
