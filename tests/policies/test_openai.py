"""Sampling from a server: what is sent, and what becomes of the answer."""

import logging
import threading
from typing import Any

import pytest

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies import table
from kbwf.policies.openai import ServedPolicy, describe_policy, open_sampler, sample_seed
from kbwf.policies.protocols import Draw
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings, PromptSettings
from tests.builders import make_task
from tests.policies.fake_server import (
    MODEL,
    FakeServer,
    Reply,
    chat_answer,
    completion_answer,
    models_answer,
    serving,
    well_behaved,
)

MESSAGES = [{"role": "system", "content": "Be quick."}, {"role": "user", "content": "Write x."}]
CHECKPOINT = Checkpoint(policy_id="base", backend="openai", step=0, base_model=MODEL, revision=None)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def base(url: str, **others: Any) -> BaseSettings:
    """A policy on a server."""
    fields = {"backend": "openai", "base_url": url, "model": MODEL, "logprobs_temperature": "one", **others}
    return BaseSettings.model_validate(fields)


def sampler(fake: FakeServer, prompt: PromptSettings | None = None, **others: Any) -> ServedPolicy:
    """As the sampling job opens it."""
    settings = base(fake.url, **others).model_dump(mode="json")
    return open_sampler(CHECKPOINT, settings, prompt or PromptSettings())


def with_usage(**counts: Any) -> dict[str, Any]:
    """A chat completion with other counts of tokens."""
    answer = chat_answer(logprobs=None)
    answer["usage"] |= counts
    return answer


def drawn(
    answer: dict[str, Any], temperature: float = 0.25, prompt: PromptSettings | None = None, **others: Any
) -> Draw:
    """The one draw that becomes of an answer."""
    with serving(lambda path, body, number: Reply(answer)) as fake:
        (draw,) = sampler(fake, prompt, **others).sample(make_task(), MESSAGES, 1, 3, temperature, 100)
    return draw


def test_a_chat_request_says_all_that_decides_the_sample() -> None:
    """Messages as they are, top_p against a server's own default, extra fields, and no `n`."""
    with serving(well_behaved) as fake:
        sampler(fake, extra_body={"top_k": -1}).sample(make_task(), MESSAGES, 1, 3, 0.25, 100)
    ((path, body, _),) = fake.requests
    assert path == "/v1/chat/completions"
    assert body == {
        "model": MODEL,
        "messages": MESSAGES,
        "temperature": 0.25,
        "top_p": 1.0,
        "max_tokens": 100,
        "seed": sample_seed(3, 0),
        "logprobs": True,
        "top_k": -1,
    }


def test_the_plain_template_asks_for_a_completion() -> None:
    """The messages joined by blank lines, as `local` joins them; one likeliest token, since 0 means none to some."""
    plain = PromptSettings(chat_template="plain")
    with serving(lambda path, body, number: Reply(completion_answer())) as fake:
        (draw,) = sampler(fake, plain).sample(make_task(), MESSAGES, 1, 3, 0.25, 100)
    ((path, body, _),) = fake.requests
    assert path == "/v1/completions"
    assert body is not None and (body["prompt"], body["logprobs"]) == ("Be quick.\n\nWrite x.\n\n", 1)
    assert draw == Draw("return x", None, None, (-0.5, -1.25), 5, "length", 2)


def test_a_completion_in_llama_cpp_s_shape_is_read_too() -> None:
    """It lists log-probabilities of completions as those of chats."""
    answer = completion_answer()
    answer["choices"][0]["logprobs"] = chat_answer()["choices"][0]["logprobs"]
    assert drawn(answer, prompt=PromptSettings(chat_template="plain")).policy_logprobs_T == (-0.5, -1.25)


def test_each_sample_has_a_seed_of_its_own_that_repeats() -> None:
    """31 bits from a hash of draw and position: two calls send the same eight."""
    with serving(well_behaved) as fake:
        for _ in range(2):
            assert len(sampler(fake).sample(make_task(), MESSAGES, 8, 3, 1.0, 100)) == 8
    seeds = [body["seed"] for body in fake.bodies]
    assert sorted(seeds[:8]) == sorted(seeds[8:]) == sorted({sample_seed(3, position) for position in range(8)})
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_draws_are_in_the_order_of_their_seeds() -> None:
    """However the answers arrive."""
    with serving(lambda path, body, number: Reply(chat_answer(str((body or {})["seed"])))) as fake:
        draws = sampler(fake).sample(make_task(), MESSAGES, 8, 3, 1.0, 100)
    assert [draw.text for draw in draws] == [str(sample_seed(3, position)) for position in range(8)]


def test_requests_are_in_flight_together_up_to_the_limit() -> None:
    """Three meet at a barrier that opens for three only; the limit of three keeps a fourth away."""
    barrier, lock, counts = threading.Barrier(3), threading.Lock(), [0, 0]

    def answer(path, body, number):
        with lock:
            counts[0] += 1
            counts[1] = max(counts)
        barrier.wait(60)
        with lock:
            counts[0] -= 1
        return Reply(chat_answer())

    with serving(answer) as fake:
        sampler(fake, max_in_flight=3).sample(make_task(), MESSAGES, 6, 3, 1.0, 100)
    assert counts[1] == 3


@pytest.mark.parametrize(
    ("given", "temperature", "sampling", "policy"),
    [
        ("one", 0.25, False, True),
        ("one", 1.0, True, True),
        ("sampling", 0.25, True, False),
        ("sampling", 1.0, True, True),
        ("none", 1.0, False, False),
    ],
)
def test_log_probs_go_where_their_temperature_belongs(given, temperature, sampling, policy) -> None:
    """What the server gives is at temperature 1 or at the sampling temperature; only at 1 is it both."""
    draw = drawn(chat_answer(), temperature, logprobs_temperature=given)
    assert draw.sampling_logprobs_T == ((-0.5, -1.25) if sampling else None)
    assert draw.policy_logprobs_T == ((-0.5, -1.25) if policy else None)


def test_none_asks_for_no_log_probs() -> None:
    """A server that refuses the field can be used."""
    with serving(well_behaved) as fake:
        sampler(fake, logprobs_temperature="none").sample(make_task(), MESSAGES, 1, 3, 1.0, 100)
    assert "logprobs" not in fake.bodies[0]


def test_a_server_without_log_probs_still_samples(caplog: pytest.LogCaptureFixture) -> None:
    """The number of tokens is the server's own count, and the log says what is missing."""
    with caplog.at_level(logging.WARNING):
        draw = drawn(chat_answer(logprobs=None))
    assert (draw.policy_logprobs_T, draw.token_ids_T, draw.num_reported_tokens) == (None, None, 2)
    assert "without log-probabilities at temperature 1" in caplog.text


def test_token_ids_are_kept_where_they_are_given() -> None:
    """As vLLM gives them after return_token_ids."""
    assert drawn(chat_answer(token_ids=[11, 12])).token_ids_T == (11, 12)


def test_token_ids_beside_log_probs_are_kept_too() -> None:
    """As llama.cpp gives them; one without an id makes all of them unknown."""
    answer = chat_answer()
    content = answer["choices"][0]["logprobs"]["content"]
    content[0]["id"] = 11
    assert drawn(answer).token_ids_T is None
    content[1]["id"] = 12
    assert drawn(answer).token_ids_T == (11, 12)


@pytest.mark.parametrize(("num_reported", "is_kept"), [(1, False), (2, True), (3, True), (4, False)])
def test_log_probs_of_some_tokens_only_are_none(num_reported: int, is_kept: bool) -> None:
    """As llama.cpp leaves out parts of a character. One more token, the end of the sequence, may be counted alone."""
    answer = chat_answer()
    for token_id, token in enumerate(answer["choices"][0]["logprobs"]["content"]):
        token["id"] = token_id
    answer["usage"]["completion_tokens"] = num_reported
    draw = drawn(answer)
    assert (draw.policy_logprobs_T, draw.token_ids_T) == (((-0.5, -1.25), (0, 1)) if is_kept else (None, None))
    assert draw.num_reported_tokens == num_reported


@pytest.mark.parametrize(
    "given", [{"content": None}, {"content": []}, {"token_logprobs": None}, {"token_logprobs": []}]
)
def test_no_log_probs_may_be_written_in_several_ways(given: dict[str, Any]) -> None:
    """A response whose likelihood nobody knows, rather than one that is certain; whether or not tokens are counted."""
    for usage in ({"completion_tokens": 1}, None):
        answer = chat_answer()
        answer["choices"][0]["logprobs"], answer["usage"] = given, usage
        draw = drawn(answer, 1.0)
        assert (draw.text, draw.policy_logprobs_T, draw.sampling_logprobs_T) == ("return x", None, None)


@pytest.mark.parametrize("reason", ["content_filter", "abort", None, 7, ["stop"]])
def test_an_end_that_nobody_knows_is_none(reason: Any) -> None:
    """The other samples of the chunk are worth keeping, and this one too."""
    draw = drawn(chat_answer(finish_reason=reason))
    assert (draw.text, draw.finish_reason, draw.policy_logprobs_T) == ("return x", None, (-0.5, -1.25))


def test_half_a_character_is_replaced() -> None:
    """No record could hold it."""
    assert drawn(chat_answer("x = '\ud83d'")).text == "x = '?'"


def test_a_response_that_is_all_reasoning_has_no_text() -> None:
    """A server's reasoning parser leaves no content if the response was cut before its end."""
    draw = drawn(chat_answer(text=None, finish_reason="length"))
    assert (draw.text, draw.finish_reason) == ("", "length")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (chat_answer(token_ids=[11]), "1 tokens, but 2 log-probabilities"),
        (chat_answer(logprobs=(-0.5, -9999.0)), "of response token 1 is -9999.0, which no drawn token can have"),
        (chat_answer(logprobs=(0.5, -1.0)), "of response token 0 is 0.5"),
        (chat_answer(logprobs=(float("nan"), -1.0)), "of response token 0 is nan"),
        (chat_answer(logprobs=(False, -1.0)), "of response token 0 is False"),
        (chat_answer(logprobs=(-(10**400), -1.0)), "of response token 0 is -10000.*…, which"),
        (chat_answer(token_ids=[1.5, 2]), "ValueError: a token id is 1.5"),
        (chat_answer(token_ids=[-1, 2]), "ValueError: a token id is -1"),
        (chat_answer(token_ids=["1", 2]), "ValueError: a token id is '1'"),
        (chat_answer(text=["return x"]), r"ValueError: the text is \['return x'\]"),
        (chat_answer(text=5), "ValueError: the text is 5"),
        (with_usage(completion_tokens=-1), "ValueError: completion_tokens is -1"),
        (with_usage(completion_tokens=2.5), "ValueError: completion_tokens is 2.5"),
        (with_usage(completion_tokens="2"), "ValueError: completion_tokens is '2'"),
        (with_usage(completion_tokens=True), "ValueError: completion_tokens is True"),
        (with_usage(prompt_tokens=10**300), "ValueError: prompt_tokens is 10000.*…"),
        ({"choices": []}, "is no /chat/completions response"),
        ({"object": "error"}, "is no /chat/completions response .KeyError: 'choices'"),
        ({"error": {"message": "overloaded"}}, "answered with an error: overloaded"),
        ({"choices": ["text"]}, "is no /chat/completions response"),
    ],
)
def test_an_answer_that_is_no_response_is_refused(answer: dict[str, Any], message: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(PolicyError, match=message):
        drawn(answer)


def test_a_refusal_stops_what_has_not_begun() -> None:
    """One at a time, all refused: far fewer requests than samples."""
    with (
        serving(lambda path, body, number: Reply({"error": "no"}, 400)) as fake,
        pytest.raises(PolicyError, match="answered 400"),
    ):
        sampler(fake, max_in_flight=1).sample(make_task(), MESSAGES, 64, 3, 1.0, 100)
    assert len(fake.requests) < 64


def test_describing_asks_whether_the_model_is_there() -> None:
    """The checkpoint names the model and no place: a server that moves is the same policy."""
    with serving(well_behaved) as fake:
        settings = base(fake.url).model_dump(mode="json")
        assert describe_policy("base", settings, PromptSettings(), None) == CHECKPOINT
    assert [path for path, _, _ in fake.requests] == ["/v1/models"]


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    """Before anything is sampled; an empty list and a strange one are no crash."""
    for listed, found in ((models_answer("other/model"), "it has other/model"), ({"data": None}, "it has none")):
        with serving(lambda path, body, number, listed=listed: Reply(listed)) as fake:  # noqa: SIM117
            with pytest.raises(PolicyError, match=f"'some/model' is not on the server .*{found}"):
                describe_policy("base", base(fake.url).model_dump(mode="json"), PromptSettings(), None)


def test_a_server_that_is_not_there_stops_the_study() -> None:
    """Within its deadline; here one that has passed, so that no test waits."""
    with serving(well_behaved) as fake:
        url = fake.url
    with pytest.raises(InfrastructureError, match="does not answer"):
        describe_policy("base", base(url, deadline_s=1e-9).model_dump(mode="json"), PromptSettings(), None)


def test_the_key_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings have no place for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    with serving(well_behaved) as fake:
        sampler(fake).sample(make_task(), MESSAGES, 1, 3, 1.0, 100)
    assert fake.requests[0][2]["Authorization"] == "Bearer sk-planted"
    assert not any("key" in name for name in BaseSettings.model_fields)


def test_a_key_with_a_line_break_is_sent_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that no header can hold stops the study, and is not shown."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted\r\n")
    with serving(well_behaved) as fake:
        sampler(fake).sample(make_task(), MESSAGES, 1, 3, 1.0, 100)
    assert fake.requests[0][2]["Authorization"] == "Bearer sk-planted"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-plant\u00e9d")
    with pytest.raises(PolicyError, match="OPENAI_API_KEY is no key") as caught:
        sampler(fake)
    assert "plant" not in str(caught.value)


def test_neither_samples_nor_messages_hold_a_key_that_the_server_echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, model names, and whatever else is named in a refusal."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    assert drawn(chat_answer("return x  # sk-planted")).text == "return x  # [key]"
    with serving(lambda path, body, number: Reply(models_answer("sk-planted"))) as fake:  # noqa: SIM117
        with pytest.raises(PolicyError, match=r"it has \[key\]"):
            describe_policy("base", base(fake.url).model_dump(mode="json"), PromptSettings(), None)
    answer = chat_answer()
    answer["choices"][0]["logprobs"]["content"][0]["logprob"] = "sk-planted"
    with pytest.raises(PolicyError, match=r"'\[key\]', which no drawn token can have"):
        drawn(answer)


def test_the_backend_samples_only_and_needs_no_gpu() -> None:
    """So that several of its jobs run beside the judge, each a process of its own."""
    backend = table.BACKENDS["openai"]
    assert (backend.trainer, backend.num_gpus, backend.is_warm) == (None, 0, False)
    assert backend.credentials == ("OPENAI_API_KEY",)
