"""Samples that exist already, from each of the three places they can lie in."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import PolicyError, RecordError
from kbwf.policies.replay import Coordinates, describe_policy, read_recording, recorded_samples
from kbwf.records import Sample
from kbwf.settings import BaseSettings, PromptSettings
from kbwf.store import write_records
from kbwf.tasks.extraction import extract_kernel
from tests.builders import KERNEL_SOURCE, make_sample, make_task

ROOT = Path(__file__).parents[2]


def line(**fields: Any) -> dict[str, Any]:
    """Of a recording: what is needed, and what the test is about."""
    return {"task_id": "l1_p012", "sample_idx": 0, "response": "return x", **fields}


def written(path: Path, *lines: dict[str, Any]) -> Path:
    """A recording of these lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def settings(path: Path) -> dict[str, Any]:
    """As the jobs are told."""
    return BaseSettings(backend="replay", path=path).model_dump(mode="json")


def test_a_line_becomes_a_sample_with_what_came_along(tmp_path: Path) -> None:
    """Every field of the schema has its place in the record."""
    fields = line(
        seed=4,
        sample_idx=1,
        model="m",
        token_ids=[1, 2],
        policy_logprobs=[-0.5, -1.5],
        sampling_logprobs=[-0.25, 0],
        temperature=0.25,
        num_prompt_tokens=7,
        finish_reason="length",
        prompt_sha256="00",
    )
    recording = read_recording(written(tmp_path / "a.jsonl", fields))
    assert recording.samples == {
        Coordinates("l1_p012", 4, 1): Sample(
            task_id="l1_p012",
            policy_id="base",
            seed=4,
            sample_idx=1,
            response="return x",
            token_ids_T=(1, 2),
            sampling_logprobs_T=(-0.25, 0.0),
            policy_logprobs_T=(-0.5, -1.5),
            temperature=0.25,
            num_prompt_tokens=7,
            finish_reason="length",
            prompt_sha256="00",
            model="m",
        )
    }


def test_three_fields_are_enough(tmp_path: Path) -> None:
    """What is unknown stays unknown; a blank line is none, and a line separator inside a text ends none."""
    path = written(tmp_path / "a.jsonl", line(response="return x\u2028y", num_tokens=5))
    path.write_text("\n" + path.read_text() + "\n")
    (sample,) = read_recording(path).samples.values()
    assert (sample.response, sample.seed, sample.num_tokens) == ("return x\u2028y", 0, 5)
    assert (sample.nll_mean_nats, sample.temperature, sample.finish_reason) == (None, None, None)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"sample_idx": -1}, "a.jsonl:2: sample_idx: .*greater than or equal to 0"),
        ({"sample_idx": "1"}, "a.jsonl:2: sample_idx: .*valid integer"),
        ({"response": None}, "a.jsonl:2: response: .*valid string"),
        ({"logprobs": [-1]}, "a.jsonl:2: logprobs: Extra inputs"),
        ({"policy_logprobs": [float("nan")]}, "a.jsonl:2: policy_logprobs.0: .*finite"),
        ({"policy_logprobs": [-1.0], "token_ids": [1, 2]}, "a.jsonl:2: line: 2 tokens, but 1 numbers in policy_"),
        ({"policy_logprobs": [-1.0], "sampling_logprobs": [-1.0, -2.0]}, "1 tokens, but 2 numbers in sampling_"),
        ({"policy_logprobs": [0.5]}, "a.jsonl:2: line: a log-probability in policy_logprobs_T is positive"),
        ({"finish_reason": "eos"}, "a.jsonl:2: finish_reason: "),
        ({"task_id": "12"}, "a.jsonl:2: task_id '12': .*written like l1_p012"),
        ({"task_id": "l1_p12"}, "a.jsonl:2: task_id 'l1_p12': .*is no task id"),
        ({"policy_logprobs": [-1.0], "num_tokens": 7}, "a.jsonl:2: line: num_tokens is 7, but policy_logprobs has 1"),
        ({}, "a.jsonl:2: sample 0 of l1_p012, seed 0 is already in .*a.jsonl:1; number the samples"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_its_field(tmp_path: Path, bad: dict[str, Any], message: str) -> None:
    """The first line is good; the second has one thing wrong, or is the first again."""
    path = written(tmp_path / "a.jsonl", line(), line(**bad))
    with pytest.raises(RecordError, match=message):
        read_recording(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"task_id": \n', "a.jsonl:1: no JSON"),
        (b"[1]\n", "a.jsonl:1: line: "),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"[" * 100_000, "a.jsonl:1: no JSON"),
        (b'{"seed": ' + b"1" * 5000 + b"}", "a.jsonl:1: no JSON .*digits"),
        (b'{"seed": 1, "seed": 2}', "a.jsonl:1: no JSON .it has seed twice"),
    ],
)
def test_what_is_no_json_lines_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """A broken object, another value, another encoding; one too deep, a number too long, a field said twice."""
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(RecordError, match=message):
        read_recording(tmp_path / "a.jsonl")


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    """With the line."""
    path = written(tmp_path / "a.jsonl", {"task_id": "l1_p012", "sample_idx": 0})
    with pytest.raises(RecordError, match="a.jsonl:1: response: Field required"):
        read_recording(path)


def test_a_runs_folder_of_kernelbench_is_read(tmp_path: Path) -> None:
    """Names give level, problem and sample; the file is a response from which extraction takes it unchanged."""
    for name in ("level_1_problem_12_sample_0_kernel.py", "level_1_problem_12_sample_3_kernel.py", "config.yaml"):
        (tmp_path / name).write_text(KERNEL_SOURCE)
    recording = read_recording(tmp_path)
    assert set(recording.samples) == {Coordinates("l1_p012", 0, 0), Coordinates("l1_p012", 0, 3)}
    sample = recording.samples[Coordinates("l1_p012", 0, 3)]
    assert (sample.num_tokens, sample.policy_logprobs_T) == (None, None)
    extracted = extract_kernel(sample.response, make_task(), "model_new").kernel_source
    assert extracted is not None and extracted.strip() == KERNEL_SOURCE.strip()


def test_results_of_this_workflow_are_read(tmp_path: Path) -> None:
    """All chunks of the base policy, log-probabilities included; other policies are not."""
    folder = tmp_path / "samples"
    write_records(folder / "base/l0_p001/seed0/chunk0.jsonl", [make_sample(0), make_sample(1)])
    write_records(folder / "base/l0_p001/seed0/chunk1.jsonl", [make_sample(2)])
    write_records(folder / "identity/l0_p001/seed0/chunk0.jsonl", [make_sample(0, policy_id="identity")])
    recording = read_recording(tmp_path)
    assert list(recording.samples.values()) == [make_sample(0), make_sample(1), make_sample(2)]


def test_a_sample_that_was_never_drawn_is_none(tmp_path: Path) -> None:
    """Its task could not be judged where that was tried; here it counts as missing, before anything runs."""
    path = written(tmp_path / "a.jsonl", line())
    (sample,) = read_recording(path).samples.values()
    refused = sample.model_copy(update={"sample_idx": 1, "response": "", "refusal": "it draws at random"})
    chunk = tmp_path / "results" / "samples" / "base" / sample.task_id / "seed0" / "chunk0.jsonl"
    write_records(chunk, [sample, refused])
    assert [each.sample_idx for each in read_recording(tmp_path / "results").samples] == [sample.sample_idx]


def test_kernels_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """Another encoding, a folder and a link to nowhere, each with a kernel's name."""
    file = tmp_path / "level_1_problem_12_sample_0_kernel.py"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=f"{file.name} is no UTF-8 text"):
        read_recording(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(RecordError, match=f"{file.name} cannot be read .Is a directory"):
        read_recording(tmp_path)
    file.rmdir()
    file.symlink_to("nowhere")
    with pytest.raises(RecordError, match=f"{file.name} cannot be read .No such file"):
        read_recording(tmp_path)


def test_a_path_with_nothing_to_replay_is_refused(tmp_path: Path) -> None:
    """Missing, or a folder of something else."""
    with pytest.raises(PolicyError, match="nowhere' does not exist; give a file"):
        read_recording(tmp_path / "nowhere")
    with pytest.raises(PolicyError, match="holds neither kernels of KernelBench .* nor samples of this workflow"):
        read_recording(tmp_path)


def test_the_checkpoint_s_revision_is_the_content(tmp_path: Path) -> None:
    """An edit gives another digest; the same lines elsewhere give the same."""
    prompt = PromptSettings()
    paths = [tmp_path / "a" / "r.jsonl", tmp_path / "b" / "r.jsonl"]
    for path in paths:
        path.parent.mkdir()
        written(path, line())
    first, second = (describe_policy("base", settings(path), prompt, None) for path in paths)
    assert first.revision == second.revision
    assert (first.backend, first.step, first.base_model) == ("replay", 0, str(paths[0]))
    written(paths[0], line(response="return y"))
    assert describe_policy("base", settings(paths[0]), prompt, None).revision != first.revision


def test_a_chunk_is_taken_from_the_recording(tmp_path: Path) -> None:
    """By number, under the policy's own id; one that is not there is an error with its name."""
    path = written(tmp_path / "a.jsonl", *(line(sample_idx=idx, response=str(idx)) for idx in (2, 0, 1)))
    checkpoint = describe_policy("other", settings(path), PromptSettings(), None)
    samples = recorded_samples(checkpoint, settings(path), "l1_p012", 0, range(1, 3))
    assert [(sample.response, sample.policy_id) for sample in samples] == [("1", "other"), ("2", "other")]
    with pytest.raises(PolicyError, match="has no sample 3 of l1_p012, seed 0"):
        recorded_samples(checkpoint, settings(path), "l1_p012", 0, range(2, 4))


def test_what_a_study_lacks_is_listed(tmp_path: Path) -> None:
    """Two tasks, one seed too many."""
    recording = read_recording(written(tmp_path / "a.jsonl", line(), line(sample_idx=1)))
    assert recording.missing(["l1_p012"], [0], 2) == []
    assert recording.missing(["l1_p012", "l1_p013"], [0], 1) == [Coordinates("l1_p013", 0, 0)]
    assert recording.missing(["l1_p012"], [0, 1], 1) == [Coordinates("l1_p012", 1, 0)]


def test_the_documentation_names_every_field() -> None:
    """One row each."""
    from kbwf.policies.replay import RecordedLine

    text = (ROOT / "docs/replay.md").read_text()
    assert all(text.count(f"| `{name}` |") == 1 for name in RecordedLine.model_fields)
