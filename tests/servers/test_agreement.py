"""The same small weights on three backends: the same log-probabilities, and greedy the same tokens."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import PolicyError
from kbwf.policies import openai, tinker
from kbwf.policies.local import LocalPolicy
from kbwf.policies.protocols import Draw
from kbwf.settings import BaseSettings, PromptSettings
from tests.builders import make_task
from tests.policies.test_openai_server import PYTHON as LLAMA_CPP_PYTHON
from tests.servers.tinker_server import TinkerServer

pytest.importorskip("tinker", reason="the extra is not installed: pip install 'kbwf[tinker]'")
pytestmark = pytest.mark.servers

MESSAGES = [{"role": "user", "content": "hi"}]
MAX_ABS_DIFFERENCE_NATS = 1e-4
"""Three programs, all in float32."""
NUM_TOKENS = 16


@pytest.fixture(scope="module")
def llama_cpp_url(ascii_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where llama.cpp serves the same weights."""
    assert LLAMA_CPP_PYTHON.exists(), "run make test-servers, which makes the environment that the server lives in"
    script = Path(__file__).parents[1] / "policies" / "llama_cpp_server.py"
    command = [str(LLAMA_CPP_PYTHON), str(script), str(ascii_model), str(tmp_path_factory.mktemp("gguf") / "tiny.gguf")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip() + "/v1"
        process.kill()


def on_tinker(server: TinkerServer, **others: Any) -> dict[str, Any]:
    """Settings of the policy there."""
    fields = {"backend": "tinker", "model": str(server.model), "base_url": server.url, "deadline_s": 300}
    return BaseSettings.model_validate({**fields, "logprobs_temperature": "one", **others}).model_dump(mode="json")


def tinker_draws(server: TinkerServer, temperature: float, num_samples: int, **others: Any) -> list[Draw]:
    """Samples from there, after the look at what it gives."""
    settings, prompt = on_tinker(server, **others), PromptSettings()
    policy = tinker.open_sampler(tinker.describe_policy("base", settings, prompt, None), settings, prompt)
    drawn = policy.sample(make_task(), MESSAGES, num_samples, 3, temperature, NUM_TOKENS)
    policy.release()
    return drawn


def openai_draws(url: str, temperature: float, num_samples: int) -> list[Draw]:
    """Samples from llama.cpp; all tokens may be drawn, its own top_k and min_p are off."""
    fields = {"backend": "openai", "base_url": url, "model": "tiny", "logprobs_temperature": "one", "deadline_s": 60}
    settings = BaseSettings.model_validate({**fields, "extra_body": {"top_k": 0, "min_p": 0.0}}).model_dump(mode="json")
    prompt = PromptSettings()
    policy = openai.open_sampler(openai.describe_policy("base", settings, prompt, None), settings, prompt)
    return policy.sample(make_task(), MESSAGES, num_samples, 3, temperature, NUM_TOKENS)


@pytest.mark.usefixtures("tinker_key")
def test_three_backends_give_the_same_log_probabilities(
    ascii_model: Path, ascii_server: TinkerServer, llama_cpp_url: str
) -> None:
    """To 1e-4 nats: the tokens that each drew, scored by `local` and by the scorer of `tinker`."""
    local = LocalPolicy(str(ascii_model), device="cpu")
    settings, prompt = on_tinker(ascii_server), PromptSettings()
    scorer = tinker.open_sampler(tinker.describe_policy("base", settings, prompt, None), settings, prompt)
    for drawn in (
        tinker_draws(ascii_server, 0.7, 4),
        openai_draws(llama_cpp_url, 0.7, 4),
        local.sample(make_task(), MESSAGES, 4, 3, 0.7, NUM_TOKENS),
    ):
        responses = [draw.token_ids_T for draw in drawn if draw.token_ids_T]
        assert len(responses) == 4
        for draw, of_local_T, of_tinker_T in zip(
            drawn, local.score(MESSAGES, responses), scorer.score(MESSAGES, responses), strict=True
        ):
            assert draw.policy_logprobs_T == pytest.approx(of_local_T, abs=MAX_ABS_DIFFERENCE_NATS)
            assert draw.policy_logprobs_T == pytest.approx(of_tinker_T, abs=MAX_ABS_DIFFERENCE_NATS)
    scorer.release()


@pytest.mark.usefixtures("tinker_key")
def test_greedy_three_backends_give_the_same_tokens(
    ascii_model: Path, ascii_server: TinkerServer, llama_cpp_url: str
) -> None:
    """One may leave out the end of the sequence."""
    (expected,) = LocalPolicy(str(ascii_model), device="cpu").sample(make_task(), MESSAGES, 1, 3, 0.0, NUM_TOKENS)
    for (draw,) in (tinker_draws(ascii_server, 0.0, 1), openai_draws(llama_cpp_url, 0.0, 1)):
        assert draw.token_ids_T is not None and expected.token_ids_T is not None
        num_common = min(len(draw.token_ids_T), len(expected.token_ids_T))
        assert num_common >= 1 and abs(len(draw.token_ids_T) - len(expected.token_ids_T)) <= 1
        assert draw.token_ids_T[:num_common] == expected.token_ids_T[:num_common]
        assert draw.text == expected.text


@pytest.mark.usefixtures("tinker_key")
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_this_server_s_log_probabilities_are_those_of_temperature_one(
    ascii_model: Path, ascii_server: TinkerServer, temperature: float
) -> None:
    """Whatever it samples at; set otherwise, the look before a study finds out."""
    drawn = tinker_draws(ascii_server, temperature, 4)
    responses = [draw.token_ids_T for draw in drawn if draw.token_ids_T]
    local = LocalPolicy(str(ascii_model), device="cpu")
    for draw, expected_T in zip(drawn, local.score(MESSAGES, responses), strict=True):
        assert draw.policy_logprobs_T == pytest.approx(expected_T, abs=MAX_ABS_DIFFERENCE_NATS)
        assert (draw.sampling_logprobs_T is None) == (temperature != 1.0)
    with pytest.raises(PolicyError, match="are at temperature 1; set it to one"):
        tinker_draws(ascii_server, temperature, 1, logprobs_temperature="sampling")
