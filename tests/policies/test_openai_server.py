"""The backend against a server that is not ours: llama.cpp's, with the tests' tiny model."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.local import LocalPolicy
from kbwf.policies.openai import describe_policy, open_sampler
from kbwf.policies.protocols import Draw
from kbwf.settings import BaseSettings, PromptSettings
from tests.builders import make_task
from tests.policies.conftest import CHAT_TEMPLATE, save_tiny_model

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-servers" / "bin" / "python"
MESSAGES = [{"role": "user", "content": "hi"}]
MAX_ABS_DIFFERENCE_NATS = 1e-4
"""Two programs, both in float32."""

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def ascii_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server gives no log-probability of a part of a character: all tokens are whole ones."""
    return save_tiny_model(tmp_path_factory.mktemp("ascii"), CHAT_TEMPLATE, 0, is_ascii=True)


@pytest.fixture(scope="module")
def url(ascii_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the server listens."""
    assert PYTHON.exists(), "run make test-servers, which makes the environment that the server lives in"
    script = Path(__file__).with_name("llama_cpp_server.py")
    command = [str(PYTHON), str(script), str(ascii_model), str(tmp_path_factory.mktemp("gguf") / "tiny.gguf")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip() + "/v1"
        process.kill()


def settings(url: str, **others: Any) -> dict[str, Any]:
    """All tokens may be drawn: the server's own top_k and min_p are off."""
    fields = {"backend": "openai", "base_url": url, "model": "tiny", "logprobs_temperature": "one"}
    return BaseSettings.model_validate(
        {**fields, "extra_body": {"top_k": 0, "min_p": 0.0}, "deadline_s": 60, **others}
    ).model_dump(mode="json")


def draws(url: str, temperature: float, num_samples: int, chat_template: str = "tokenizer") -> list[Draw]:
    """From the server."""
    prompt = PromptSettings.model_validate({"chat_template": chat_template})
    sampler = open_sampler(describe_policy("base", settings(url), prompt, None), settings(url), prompt)
    return sampler.sample(make_task(), MESSAGES, num_samples, 3, temperature, 16)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("chat_template", ["tokenizer", "plain"])
def test_its_log_probs_are_those_of_temperature_one(
    url: str, ascii_model: Path, temperature: float, chat_template: str
) -> None:
    """Whatever it samples at, `local` gives the same numbers for the same tokens at temperature 1."""
    local = LocalPolicy(str(ascii_model), None, device="cpu", chat_template=chat_template)  # type: ignore[arg-type]
    drawn = draws(url, temperature, 4, chat_template)
    responses = [draw.token_ids_T for draw in drawn if draw.token_ids_T is not None]
    assert len(responses) == 4
    for draw, expected_T in zip(drawn, local.score(MESSAGES, responses), strict=True):
        assert draw.policy_logprobs_T == pytest.approx(expected_T, abs=MAX_ABS_DIFFERENCE_NATS)


def test_greedy_it_gives_the_tokens_that_local_gives(url: str, ascii_model: Path) -> None:
    """And the same text."""
    local = LocalPolicy(str(ascii_model), None, device="cpu")
    (expected,) = local.sample(make_task(), MESSAGES, 1, 3, 0.0, 16)
    (draw,) = draws(url, 0.0, 1)
    assert expected.token_ids_T is not None and draw.token_ids_T is not None
    num_common = min(len(expected.token_ids_T), len(draw.token_ids_T))  # one may leave out the end of the sequence
    assert num_common >= 1 and abs(len(expected.token_ids_T) - len(draw.token_ids_T)) <= 1
    assert draw.token_ids_T[:num_common] == expected.token_ids_T[:num_common]


def test_seeds_repeat_and_differ(url: str) -> None:
    """Eight samples, asked for twice at one at a time: the same again, and not all alike."""
    prompt, one_at_a_time = PromptSettings(), settings(url, max_in_flight=1)
    sampler = open_sampler(describe_policy("base", one_at_a_time, prompt, None), one_at_a_time, prompt)
    first, second = ([draw.token_ids_T for draw in sampler.sample(make_task(), MESSAGES, 8, 3, 1.0, 16)] for _ in "ab")
    assert first == second
    assert len(set(first)) > 1


def test_a_model_that_it_does_not_have_is_refused(url: str) -> None:
    """With the one it has."""
    with pytest.raises(PolicyError, match=r"'huge' is not on the server .* it has tiny"):
        describe_policy("base", settings(url, model="huge"), PromptSettings(), None)
