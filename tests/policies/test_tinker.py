"""The backend through its real SDK, against a fake of the service: what it sends, what it takes, and faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies.tinker import TinkerPolicy, describe_policy, open_sampler
from kbwf.policies.tinker_files import StoredWeights, write_weights
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings, PromptSettings
from tests.builders import make_task
from tests.policies.fake_tinker import KEY, LOGPROB, MODEL, FakeTinker, Reply, serving

pytest.importorskip("tinker", reason="the extra is not installed: pip install 'kbwf[tinker]'")

MESSAGES = [{"role": "user", "content": "hi"}]
NO_ANSWER_S = 0.3
"""A deadline for what never comes."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTinker]:
    """The service, and a key for it."""
    monkeypatch.setenv("TINKER_API_KEY", KEY)
    with serving() as service:
        yield service


def settings(fake: FakeTinker, tiny_model: Path, **others: Any) -> dict[str, Any]:
    """Of a policy on the fake."""
    fields = {"backend": "tinker", "model": MODEL, "base_url": fake.url, "tokenizer": tiny_model, "deadline_s": 60}
    return BaseSettings.model_validate({**fields, "logprobs_temperature": "one", **others}).model_dump(mode="json")


def opened(fake: FakeTinker, tiny_model: Path, weights: StoredWeights | None = None, **others: Any) -> TinkerPolicy:
    """The base policy, or one with stored weights, not looked at before."""
    path = None
    if weights is not None:
        path = str(tiny_model.parent / "adapter")
        write_weights(Path(path), weights)
    checkpoint = Checkpoint(
        policy_id="base", backend="tinker", step=0, base_model=MODEL, revision=None, sampler_path=path
    )
    return open_sampler(checkpoint, settings(fake, tiny_model, **others), PromptSettings())


def described(fake: FakeTinker, tiny_model: Path, **others: Any) -> Checkpoint:
    """As the first job of a study."""
    return describe_policy("base", settings(fake, tiny_model, **others), PromptSettings(), None)


def drawn(policy: TinkerPolicy, temperature: float = 0.5, num_samples: int = 2) -> Any:
    """Samples, the session closed afterwards."""
    try:
        return policy.sample(make_task(), MESSAGES, num_samples, 2**62 + 7, temperature, 8)
    finally:
        policy.release()


def bodies(fake: FakeTinker, path: str) -> list[Any]:
    """Of the requests for a path."""
    return [body for asked, body in fake.asked if asked == path]


def test_a_chunk_is_one_request_with_seed_temperature_limit_and_the_end_of_a_response(
    fake: FakeTinker, tiny_model: Path
) -> None:
    """The seed fits into 30 bits, so that the service can add a sample's number to it."""
    draws = drawn(opened(fake, tiny_model))
    (asked,) = bodies(fake, "asample")
    params = asked["sampling_params"]
    assert asked["num_samples"] == len(draws) == 2
    assert (params["seed"], params["temperature"], params["max_tokens"], params["stop"]) == (7, 0.5, 8, [0])
    assert draws[0].token_ids_T == (5, 6, 0) and draws[0].finish_reason == "stop"
    assert draws[0].num_prompt_tokens == len("user: hi\nassistant: ")
    assert len(draws[0].text) == 2


@pytest.mark.parametrize(
    ("said", "temperature", "sampling_T", "policy_T", "num_scored"),
    [
        ("one", 0.5, None, -2.0, 0),
        ("one", 1.0, -2.0, -2.0, 0),
        ("sampling", 0.5, -2.0, LOGPROB, 2),
        ("sampling", 1.0, -2.0, -2.0, 0),
        ("sampling", 0.0, None, LOGPROB, 2),
        ("one", 0.0, None, -2.0, 0),
    ],
)
def test_which_temperature_the_log_probabilities_are_taken_to_be_at(
    fake: FakeTinker, tiny_model: Path, said: str, temperature: float, sampling_T: Any, policy_T: float, num_scored: int
) -> None:
    """Where the service gives them at the sampling temperature, those at temperature 1 are asked for besides."""
    fake.sampled_logprobs = [-2.0] * 3
    for draw in drawn(opened(fake, tiny_model, logprobs_temperature=said), temperature):
        assert draw.sampling_logprobs_T == (None if sampling_T is None else (sampling_T,) * 3)
        assert draw.policy_logprobs_T == (policy_T,) * 3
    assert fake.count("asample") == 1 + num_scored


def test_describing_a_policy_asks_for_models_and_looks_at_a_few_tokens(fake: FakeTinker, tiny_model: Path) -> None:
    """The record has the model's name, and nothing of where the service is."""
    checkpoint = described(fake, tiny_model)
    assert (checkpoint.backend, checkpoint.base_model, checkpoint.revision) == ("tinker", MODEL, None)
    looked, _ = bodies(fake, "asample")
    assert looked["sampling_params"]["temperature"] == 2.0


def test_a_wrong_word_about_the_temperature_stops_the_study(fake: FakeTinker, tiny_model: Path) -> None:
    """Whichever of the two it is."""
    with pytest.raises(
        PolicyError, match="logprobs_temperature is sampling, but .* are at temperature 1; set it to one"
    ):
        described(fake, tiny_model, logprobs_temperature="sampling")
    fake.sampled_logprobs = [LOGPROB / 2] * 3
    with pytest.raises(PolicyError, match="at the sampling temperature; set it to sampling"):
        described(fake, tiny_model)


def test_scores_are_those_of_the_response_after_its_prompt(fake: FakeTinker, tiny_model: Path) -> None:
    """An empty response has none, and is not asked for."""
    policy = opened(fake, tiny_model)
    assert policy.score_many([(MESSAGES, (5, 6)), (MESSAGES, ()), (MESSAGES, (7,))]) == [
        (LOGPROB, LOGPROB), (), (LOGPROB,),
    ]  # fmt: skip
    assert fake.count("asample") == 2
    assert policy.num_tokens([(MESSAGES, (5, 6))]) == len("user: hi\nassistant: ") + 2
    policy.release()


def test_requests_of_several_tasks_are_under_way_at_a_time(fake: FakeTinker, tiny_model: Path) -> None:
    """No result is there before all of them have been sent, up to `max_in_flight`."""
    fake.fault = lambda path, _: (
        Reply({"type": "try_again"}) if path == "retrieve_future" and fake.count("asample") < 3 else None
    )
    policy = opened(fake, tiny_model, max_in_flight=3)
    draws = policy.sample_many([(make_task(), MESSAGES, 1, seed) for seed in range(5)], 1.0, 8)
    policy.release()
    assert [len(one) for one in draws] == [1] * 5
    assert sorted(body["sampling_params"]["seed"] for body in bodies(fake, "asample")) == [0, 1, 2, 3, 4]


def test_a_slow_result_is_waited_for(fake: FakeTinker, tiny_model: Path) -> None:
    """The service says 408 or `try_again` while it works."""
    answers = {0: Reply({"queue_state": "active"}, 408), 1: Reply({"type": "try_again"}), 2: Reply("", 503)}
    fake.fault = lambda path, number: answers.get(number) if path == "retrieve_future" else None
    assert len(drawn(opened(fake, tiny_model))) == 2
    assert fake.count("retrieve_future") == 4


def test_a_result_that_has_expired_is_asked_for_anew(fake: FakeTinker, tiny_model: Path) -> None:
    """410: the SDK sends the request once more, with the same seed."""
    fake.fault = lambda path, number: Reply({}, 410) if path == "retrieve_future" and number == 0 else None
    assert len(drawn(opened(fake, tiny_model))) == 2
    assert [body["sampling_params"]["seed"] for body in bodies(fake, "asample")] == [7, 7]


@pytest.mark.parametrize(
    ("where", "reply", "complaint"),
    [
        ("asample", Reply({"detail": "slow down"}, 429), ""),
        ("asample", Reply({"detail": "no credit"}, 402), "paused due to billing"),
        ("retrieve_future", Reply({"detail": "oops"}, 500), ""),
        ("create_session", Reply({"detail": "oops"}, 503), ""),
        ("create_sampling_session", Reply({}, 0), ""),
        ("retrieve_future", Reply({}, 0), ""),
    ],
)
def test_what_stays_wrong_ends_at_the_deadline(
    fake: FakeTinker, tiny_model: Path, where: str, reply: Reply, complaint: str
) -> None:
    """As a fault of the machinery, which a later run may not meet, with the SDK's last complaint."""
    fake.fault = lambda path, _: reply if path == where else None
    with pytest.raises(InfrastructureError, match=rf"no answer within base.deadline_s \(0.3 s\).*{complaint}.*credit"):
        drawn(opened(fake, tiny_model, deadline_s=NO_ANSWER_S))


def test_a_service_that_is_not_there_ends_at_the_deadline(fake: FakeTinker, tiny_model: Path) -> None:
    """Nobody listens on port 9."""
    with pytest.raises(InfrastructureError, match=r"127.0.0.1:9: opening org/model: no answer within"):
        opened(fake, tiny_model, base_url="http://127.0.0.1:9", deadline_s=NO_ANSWER_S)


def test_a_request_that_the_service_gives_up_is_told_as_it_says(fake: FakeTinker, tiny_model: Path) -> None:
    """The user's mistakes are not worth another try, its own are."""
    reply = {"error": "prompt too long", "category": "user"}
    fake.fault = lambda path, _: Reply(reply) if path == "retrieve_future" else None
    with pytest.raises(PolicyError, match="the service refused it: .*prompt too long"):
        drawn(opened(fake, tiny_model))
    reply["category"] = "server"
    with pytest.raises(InfrastructureError, match="prompt too long"):
        drawn(opened(fake, tiny_model))


def test_a_checkpoint_that_is_gone_says_what_to_remove(fake: FakeTinker, tiny_model: Path) -> None:
    """It is made anew by the next run."""
    weights = StoredWeights(
        base_model=MODEL, lora_rank=8, sampler_path="tinker://run/sampler_weights/x", state_path="s",
        first_sampler_path=None,
    )  # fmt: skip
    fake.fault = lambda path, _: Reply({"detail": "gone"}, 404) if path == "create_sampling_session" else None
    with pytest.raises(PolicyError, match=r"opening tinker://run/sampler_weights/x: .*404.*results/policies"):
        opened(fake, tiny_model, weights)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_named_and_not_shown(fake: FakeTinker, tiny_model: Path, status: int) -> None:
    """Not even if the service echoes it."""
    fake.fault = lambda path, _: Reply({"detail": f"bad key {KEY}"}, status) if path == "create_session" else None
    with pytest.raises(PolicyError, match="TINKER_API_KEY is not accepted") as caught:
        opened(fake, tiny_model)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("key", "said"), [(None, "is not set"), ("sk-other", "is no key of Tinker")])
def test_without_a_key_nothing_is_sent(
    fake: FakeTinker, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, said: str
) -> None:
    """Said at once, with the way to get one."""
    monkeypatch.delenv("TINKER_API_KEY")
    if key is not None:
        monkeypatch.setenv("TINKER_API_KEY", key)
    with pytest.raises(PolicyError, match=rf"TINKER_API_KEY {said}.*\.env"):
        described(fake, tiny_model)
    assert fake.asked == []


def test_an_unknown_model_names_those_there_are(fake: FakeTinker, tiny_model: Path) -> None:
    """Before any token is drawn."""
    with pytest.raises(PolicyError, match=r"base.model 'org/other' is not on http.*; it has org/model"):
        described(fake, tiny_model, model="org/other")
    assert fake.count("asample") == 0


def test_names_of_models_hold_no_key(fake: FakeTinker, tiny_model: Path) -> None:
    """Whatever the service echoes."""
    listed = Reply({"supported_models": [{"model_name": f"org/{KEY}"}]})
    fake.fault = lambda path, _: listed if path == "get_server_capabilities" else None
    with pytest.raises(PolicyError, match=r"it has org/\[key\]$"):
        described(fake, tiny_model)


def test_a_page_in_place_of_an_answer_is_told(fake: FakeTinker, tiny_model: Path) -> None:
    """As from a proxy, or a wrong address."""
    fake.fault = lambda path, _: Reply("<html>Log in</html>") if path == "get_server_capabilities" else None
    with pytest.raises(PolicyError, match=r"asking which models there are: .*base.base_url"):
        described(fake, tiny_model)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([-1.0, float("nan"), -1.0], "response token 1 is nan"),
        ([-1.0, -1.0], "3 tokens, but 2 log-probabilities"),
        ([-1.0, -1.0, 0.5], "response token 2 is 0.5"),
        ([-1.0, -20000.0, -1.0], "response token 1 is -20000.0"),
        ([], "log-probabilities"),
    ],
)
def test_log_probabilities_that_are_none_are_refused(
    fake: FakeTinker, tiny_model: Path, given: list[float], said: str
) -> None:
    """NaN, too few, positive, or none at all."""
    fake.sampled_logprobs = given
    with pytest.raises(PolicyError, match=said):
        drawn(opened(fake, tiny_model))


def test_scores_that_are_too_few_or_no_numbers_are_refused(fake: FakeTinker, tiny_model: Path) -> None:
    """A surprisal of half a response would be a wrong one."""
    policy = opened(fake, tiny_model)
    fake.trained_logprobs = lambda num_tokens: [LOGPROB] * (num_tokens - 1)
    with pytest.raises(PolicyError, match="22 tokens were to be scored, 21 numbers came"):
        policy.score(MESSAGES, [(5, 6)])
    fake.trained_logprobs = lambda num_tokens: [float("nan")] * num_tokens
    with pytest.raises(PolicyError, match="response token 0 is None"):
        policy.score(MESSAGES, [(5, 6)])
    policy.release()
