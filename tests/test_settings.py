"""The configuration: what is refused, in which words, and what the studies in this repository say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kbwf.errors import ConfigError
from kbwf.run_settings import RunSettings
from kbwf.settings import BaseSettings, SamplingSettings, StudySettings, TaskSettings, load_settings

ROOT = Path(__file__).parents[1]
STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "workflow" / "studies").glob("*.yaml"))]


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Snakemake merges `--configfile` into `configfile:`: mappings are merged, all else replaced."""
    both = {key: _merged(base[key], value) for key, value in over.items() if isinstance(base.get(key), dict)}
    return {**base, **over, **both}


def _refusal(raw: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(raw, "study.yaml")
    return str(caught.value)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_the_studies_of_this_repository_are_valid(path: Path) -> None:
    """Each file validates, laid over the default study as Snakemake lays it."""
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    load_settings(_merged(default, yaml.safe_load(path.read_text())), path.name)


def test_an_empty_configuration_is_the_demo() -> None:
    """All keys have defaults, and together they need no GPU, key or network."""
    config = load_settings({}, "study.yaml")
    assert (config.tasks.source, config.base.model, config.sampling.num_samples) == ("bundled", "demo", 16)


RUN = {"name": "a", "method": "grpo", "tasks": "study"}

CONTRADICTIONS = {
    "directory without path": (
        {"tasks": {"source": "directory", "level": 1}, "base": {"model": "some/model"}},
        "tasks.path goes with tasks.source: directory and only with it; source is 'directory' and path None",
    ),
    "path without directory": (
        {"tasks": {"path": "problems"}},
        "tasks.path goes with tasks.source: directory and only with it; source is 'bundled' and path 'problems'",
    ),
    "bundled above level 0": (
        {"tasks": {"level": 1}},
        "tasks.level 0 is the bundled suite and only that; source is 'bundled' and level 1",
    ),
    "level 0 elsewhere": (
        {"tasks": {"source": "huggingface"}},
        "tasks.level 0 is the bundled suite and only that; source is 'huggingface' and level 0",
    ),
    "revision without huggingface": (
        {"tasks": {"revision": "main"}},
        "tasks.revision goes with source: huggingface, not with 'bundled'; remove it",
    ),
    "problem id twice": (
        {"tasks": {"subset": [3, 1, 3]}},
        "tasks.subset names a problem id twice: [3, 1, 3]",
    ),
    "no problem id": (
        {"tasks": {"subset": []}},
        "tasks.subset is an empty list; name problem ids, or one of all, train, eval",
    ),
    "half a chunk": (
        {"sampling": {"num_samples": 40, "chunk_size": 16}},
        "sampling.num_samples must be a multiple of chunk_size (16), got 40; use 32 or 48",
    ),
    "less than a chunk": (
        {"sampling": {"num_samples": 4, "chunk_size": 16}},
        "sampling.num_samples must be a multiple of chunk_size (16), got 4; use 16",
    ),
    "no seed": (
        {"sampling": {"seeds": []}},
        "sampling.seeds must be different numbers, at least one; got []",
    ),
    "seed twice": (
        {"sampling": {"seeds": [1, 1]}},
        "sampling.seeds must be different numbers, at least one; got [1, 1]",
    ),
    "identity not in fours": (
        {"identity": {"num_samples": 6}},
        "identity.num_samples must be a multiple of 4, got 6",
    ),
    "strategy twice": (
        {"selection": {"strategies": ["oracle", "oracle"]}},
        "selection.strategies must be different names, at least one; got ['oracle', 'oracle']",
    ),
    "no strategy": (
        {"selection": {"strategies": []}},
        "selection.strategies must be different names, at least one; got []",
    ),
    "best is not among the strategies": (
        {"selection": {"strategies": ["random", "surprisal"]}},
        "selection.best is 'oracle'; it must be one of selection.strategies ['random', 'surprisal'] and not random",
    ),
    "best is random": (
        {"selection": {"best": "random"}},
        "and not random, which chooses no single sample",
    ),
    "run without tasks": (
        {"runs": [{**RUN, "tasks": []}]},
        "tasks of run 'a' must be different problem ids, at least one; got []",
    ),
    "task of a run twice": (
        {"runs": [{**RUN, "tasks": [2, 2]}]},
        "tasks of run 'a' must be different problem ids, at least one; got [2, 2]",
    ),
    "transfer to each": (
        {"runs": [{**RUN, "transfer_to": "each"}]},
        "transfer_to of run 'a' is 'each'; name study, train, eval or problem ids",
    ),
    "run without seed": (
        {"runs": [{**RUN, "seeds": []}]},
        "seeds of run 'a' must be different, at least one; got []",
    ),
    "fresh seed that is not": (
        {"runs": [{**RUN, "seeds": [0, 1], "fresh_seeds": [1]}]},
        "fresh_seeds of run 'a' must be seeds that are not among its seeds [0, 1], at least one; got [1]",
    ),
    "key of another method": (
        {"runs": [{**RUN, "teacher": "base"}]},
        "teacher is read by sdpo only, and run 'a' has method grpo; remove it",
    ),
    "rollouts in half a chunk": (
        {"runs": [{**RUN, "rollouts_per_task": 12}]},
        "rollouts_per_task of run 'a' must be a multiple of sampling.chunk_size (8), got 12",
    ),
    "two runs of one name": (
        {"runs": [RUN, RUN]},
        "runs must have different names, got ['a', 'a']",
    ),
    "model folder missing": (
        {"base": {"model": "./no/such/folder"}},
        "base.model './no/such/folder' is no folder; give an existing one, or a Hugging Face name",
    ),
}


@pytest.mark.parametrize(("raw", "sentence"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_values_that_contradict_each_other_are_refused_with_a_sentence(raw: dict[str, Any], sentence: str) -> None:
    """The message names the keys, the values found and, where there is one, the way out."""
    message = _refusal(raw)
    assert message.startswith("study.yaml: the configuration is not valid\n")
    assert sentence in message


def test_an_unknown_key_is_named_with_its_block() -> None:
    """A misspelt key stops the run, and the message says where keys are listed."""
    assert "sampling.num_sample: unknown key; see docs/config.md for those there are (got 8)" in _refusal(
        {"sampling": {"num_sample": 8}}
    )


def test_an_unknown_block_is_named() -> None:
    """A misspelt block too."""
    assert "\n  samplings: unknown key" in _refusal({"samplings": {"num_samples": 8}})


@pytest.mark.parametrize(
    ("raw", "start"),
    [
        ({"sampling": {"num_samples": "many"}}, "sampling.num_samples: Input should be a valid integer"),
        ({"sampling": {"temperature": -1}}, "sampling.temperature: Input should be greater than or equal to 0"),
        ({"sampling": {"temperature": float("nan")}}, "sampling.temperature: Input should be"),
        ({"sampling": {"seeds": 3}}, "sampling.seeds: Input should be a valid tuple"),
        ({"sampling": {"seeds": [0, -1]}}, "sampling.seeds.1: Input should be greater than or equal to 0"),
        ({"sampling": {"seeds": [10**23]}}, "sampling.seeds.0: Input should be less than or equal to 1000000000"),
        ({"report": {"bootstrap_seed": -1}}, "report.bootstrap_seed: Input should be greater than or equal to 0"),
        ({"sampling": {"num_samples": True, "chunk_size": 1}}, "sampling.num_samples: true and false are no numbers"),
        ({"sampling": {"seeds": [True]}}, "sampling.seeds: true and false are no numbers"),
        ({"sampling": {"temperature": False}}, "sampling.temperature: true and false are no numbers"),
        ({"runs": [{**RUN, "temperature": True}]}, "runs.0.temperature: true and false are no numbers"),
        ({"runs": [{**RUN, "tasks": [True]}]}, "runs.0.tasks: true and false are no numbers"),
        ({"store": {"max_mb": True}}, "store.max_mb: true and false are no numbers"),
        ({"evaluation": {"mode": "quick"}}, "evaluation.mode: Input should be 'fast', 'full' or 'adaptive'"),
        ({"evaluation": {"timeout_s": 0}}, "evaluation.timeout_s: Input should be greater than 0"),
        ({"report": {"confidence_level": 1}}, "report.confidence_level: Input should be less than 1"),
        ({"runs": [{**RUN, "num_steps": 0}]}, "runs.0.num_steps: Input should be greater than or equal to 1"),
        ({"runs": [{"name": "a", "method": "grpo"}]}, "runs.0.tasks: Field required"),
        ({"runs": [{**RUN, "name": "A.b"}]}, "runs.0.name: String should match pattern"),
        ({"runs": [{**RUN, "method": "ppo"}]}, "runs.0.method: Input should be 'grpo', 'sdpo', 'sdpo-topk' or 'rlvr'"),
        ({"tasks": None}, "tasks: Input should be a valid dictionary"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_named_with_what_it_should_be(raw: dict[str, Any], start: str) -> None:
    """Type, choice and range; a block left empty in YAML, which reads as null, is told too."""
    assert f"\n  {start}" in _refusal(raw)


def test_all_mistakes_are_reported_at_once() -> None:
    """One line per wrong key below the headline."""
    message = _refusal({"sampling": {"num_sample": 8, "temperature": "hot"}, "report": {"num_resamples": 1}})
    assert len(message.splitlines()) == 4


def test_a_wrong_entry_of_a_list_is_named_by_its_position() -> None:
    """The second of two strategies does not exist."""
    assert "\n  selection.strategies.1: " in _refusal({"selection": {"strategies": ["oracle", "best"]}})


def test_a_validated_configuration_cannot_be_changed() -> None:
    """Only the validated object is used, so it must stay what was validated."""
    config = StudySettings()
    with pytest.raises(ValidationError, match="frozen"):
        config.sampling.num_samples = 3  # type: ignore[misc]


def test_a_param_does_not_depend_on_the_order_of_keys() -> None:
    """Snakemake compares these strings between runs: equal blocks must give equal text."""
    first = StudySettings.model_validate({"sampling": {"num_samples": 4, "chunk_size": 2}}).sampling.to_param()
    second = StudySettings.model_validate({"sampling": {"chunk_size": 2, "num_samples": 4}}).sampling.to_param()
    assert first == second
    assert list(json.loads(first)) == sorted(json.loads(first))


@pytest.mark.parametrize("name", [name for name in StudySettings.model_fields if name != "runs"])
def test_a_param_is_read_back_as_the_same_block(name: str) -> None:
    """The stage that parses the string has what the rule file had."""
    block = getattr(StudySettings(), name)
    assert type(block).model_validate_json(block.to_param()) == block


def test_an_update_is_told_what_it_reads_and_nothing_else() -> None:
    """Another number of steps, patience or guardrail is not its business; what it reads comes back as it was."""
    run = RunSettings.model_validate({**RUN, "learning_rate": 0.5, "reward": {"kind": "sparse", "p": 1.5}})
    other = {"num_steps": 9, "patience": 3, "guardrail": {"is_on": False}, "is_probed": False, "seeds": [4]}
    assert (
        RunSettings.model_validate({**run.model_dump(exclude_unset=True), **other}).update_param() == run.update_param()
    )
    read = RunSettings.from_update_param(run.update_param())
    assert (read.learning_rate, read.reward, read.advantage) == (0.5, run.reward, run.advantage)
    assert not {"teacher", "top_k", "stop"} & set(run.read_by_update())


def test_the_source_of_a_task_does_not_depend_on_which_tasks_the_study_uses() -> None:
    """Another subset or split seed must not freeze tasks anew."""
    whole = TaskSettings()
    part = TaskSettings(subset=(1, 2), split_seed=7)
    assert whole.source_param() == part.source_param()
    assert whole.source_param() != TaskSettings(source="huggingface", level=1).source_param()


@given(chunk_size=st.integers(1, 40), num_chunks=st.integers(1, 40), extra=st.integers(0, 39))
def test_exactly_the_whole_chunks_are_accepted(chunk_size: int, num_chunks: int, extra: int) -> None:
    """And the message's two suggestions are acceptable themselves."""
    num_samples = chunk_size * num_chunks + extra % chunk_size
    if num_samples % chunk_size == 0:
        assert SamplingSettings(num_samples=num_samples, chunk_size=chunk_size).num_samples == num_samples
    else:
        with pytest.raises(ValidationError) as caught:
            SamplingSettings(num_samples=num_samples, chunk_size=chunk_size)
        words = str(caught.value).partition("; use ")[2].split()
        for suggestion in (int(words[0]), int(words[2])):
            assert abs(suggestion - num_samples) < chunk_size
            SamplingSettings(num_samples=suggestion, chunk_size=chunk_size)


def test_a_model_without_a_name_is_refused() -> None:
    """An empty text is neither a folder nor a name."""
    assert "\n  base.model: " in _refusal({"base": {"model": ""}})


def test_a_model_folder_that_exists_is_accepted(tmp_path: Path) -> None:
    """A path that starts like one is looked up; a Hugging Face name is left to the policy's own check."""
    load_settings({"base": {"model": str(tmp_path)}}, "study.yaml")
    load_settings({"base": {"model": "some/model"}}, "study.yaml")


def test_a_constant_is_the_block_without_its_braces() -> None:
    """Snakemake would take them for a wildcard's; a value that holds one is refused."""
    block = StudySettings().evaluation
    assert type(block).model_validate_json("{" + block.to_constant() + "}") == block
    with pytest.raises(ConfigError, match="settings with braces in their values cannot be handed to a job"):
        StudySettings.model_validate({"base": {"model": "a{b"}}).base.to_constant()


ON_TINKER = {"backend": "tinker", "model": "org/model", "logprobs_temperature": "sampling"}
SERVED = {"backend": "openai", "base_url": "http://localhost:8000/v1", "model": "m", "logprobs_temperature": "one"}


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ({"backend": "vllm"}, "base.backend: Input should be 'local', 'openai', 'tinker' or 'replay'"),
        (SERVED | {"base_url": None}, "base.base_url is needed with base.backend: openai"),
        (SERVED | {"logprobs_temperature": None}, "base.logprobs_temperature is needed with base.backend: openai"),
        (SERVED | {"base_url": "localhost:8000"}, "base.base_url must be like http://localhost:8000/v1"),
        (SERVED | {"base_url": "http://h/v1?api-key=1"}, "without user, password or query"),
        (SERVED | {"dtype": "float16"}, "base.dtype goes with base.backend: local, not with openai; remove it"),
        (SERVED | {"adapter": "a"}, "base.adapter goes with base.backend: local or tinker, not with openai"),
        (SERVED | {"renderer": "qwen3"}, "base.renderer goes with base.backend: tinker, not with openai"),
        ({"max_in_flight": 2}, "base.max_in_flight goes with base.backend: openai or tinker, not with local"),
        ({"backend": "tinker"}, "base.logprobs_temperature is needed with base.backend: tinker"),
        (ON_TINKER | {"timeout_s": 1}, "base.timeout_s goes with base.backend: openai, not with tinker"),
        (ON_TINKER | {"revision": "main"}, "base.revision goes with base.backend: local, not with tinker"),
        (ON_TINKER | {"renderer": "harmony"}, "base.renderer: Input should be 'gpt-oss', 'qwen3' or"),
        (ON_TINKER | {"logprobs_temperature": "none"}, "the service always gives them: one or sampling"),
        (SERVED | {"path": "a.jsonl"}, "base.path goes with base.backend: replay, not with openai"),
        (SERVED | {"extra_body": {"n": 4, "top_k": 1}}, "base.extra_body must not set n: other settings decide"),
        ({"extra_body": {"top_k": 1}}, "base.extra_body goes with base.backend: openai, not with local"),
        ({"backend": "replay"}, "base.path is needed with base.backend: replay"),
    ],
)
def test_a_backend_has_keys_of_its_own(base: dict[str, Any], message: str) -> None:
    """Those it needs, and those that belong to another, are named with the way out."""
    assert message in _refusal({"base": base})


def test_where_the_service_is_and_how_long_to_wait_draws_nothing_anew() -> None:
    """Renderer, tokenizer and adapter do."""
    near, far = (
        BaseSettings.model_validate(ON_TINKER | {"base_url": url, "deadline_s": seconds, "max_in_flight": 3})
        for url, seconds in (("http://a", 1), ("http://b", 2))
    )
    assert near.policy_param() == far.policy_param() and near.access_param() != far.access_param()
    assert {"adapter", "logprobs_temperature", "model", "renderer", "tokenizer"} < set(json.loads(near.policy_param()))
    assert set(json.loads(near.access_param())) == {"base_url", "deadline_s", "max_in_flight"}


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    """Messages end in logs."""
    refusal = _refusal({"base": SERVED | {"base_url": "https://me:secret-word@host/v1"}})
    assert "must be like" in refusal and "secret-word" not in refusal


@pytest.mark.parametrize(
    "raw",
    [
        {"OPENAI_API_KEY": "planted"},
        {"base": SERVED | {"api_key": "planted"}},
        {"base": SERVED | {"headers": {"Authorization": "Bearer planted"}}},
        {"base": SERVED | {"header": "x-api-key: planted"}},
        {"base": SERVED | {"auth": ["Bearer planted"]}},
        {"base": SERVED | {"base_url": "http://h/v1?v=2&api_key=planted"}},
        {"base": SERVED | {"base_url": "h/v1?key=planted"}},
        {"base": SERVED | {"url": "http://h/v1?planted"}},
        {"base": SERVED | {"extra_body": {"api_key": "planted"}}},
        {"base": SERVED | {"extra_body": {"extra_headers": [{"X-Api-Key": "planted"}]}}},
        {"base": SERVED | {"extra_body": {"authorization": "Bearer planted"}}},
        {"base": SERVED | {"extra_body": {"hf_token": "planted", "n": 2}}},
    ],
)
def test_a_key_in_a_study_is_refused_and_not_shown(raw: dict[str, Any]) -> None:
    """Wherever it was put by mistake; nor does a cause hold it, which a traceback would show."""
    with pytest.raises(ConfigError) as caught:
        load_settings(raw, "study.yaml")
    assert "planted" not in str(caught.value) and caught.value.__suppress_context__


@pytest.mark.parametrize("block", [{"OPENAI_API_KEY": "x"}, {"base": SERVED | {"extra_body": {"apiKey": "x"}}}])
def test_where_a_key_belongs_is_said(block: dict[str, Any]) -> None:
    """Beside the place where it was found."""
    assert "a key belongs into OPENAI_API_KEY or TINKER_API_KEY, in the environment or a file .env" in _refusal(block)


def test_a_number_of_tokens_is_shown() -> None:
    """It is no secret, whatever its name holds."""
    assert "(got 0)" in _refusal({"sampling": {"max_tokens": 0}})


def test_settings_that_cannot_be_handed_on_are_shown_without_secrets() -> None:
    """A field that some server knows may be one."""
    base = StudySettings.model_validate({"base": SERVED | {"model": "a{b", "extra_body": {"hf_token": "planted"}}}).base
    with pytest.raises(ConfigError, match="cannot be handed to a job; got .*hf_token") as caught:
        base.to_constant()
    assert "planted" not in str(caught.value)


def test_a_model_on_a_server_may_be_named_like_a_folder() -> None:
    """vLLM lists a model that it was given as a path by that path."""
    load_settings({"base": SERVED | {"model": "/no/such/folder"}}, "study.yaml")
