"""Facts about the identity policy."""

from kbwf.backends.identity import IdentityPolicy


def test_identity_is_certain_of_its_answer() -> None:
    """Every draw is the same text with log-probability 0, so its surprisal is 0."""
    policy = IdentityPolicy("return A @ B")
    draws = policy.sample([{"role": "user", "content": "?"}], 3, 1, 0.25, 10)
    assert [draw.text for draw in draws] == ["return A @ B"] * 3
    assert draws[0].token_ids_T == (0,)
    assert draws[0].sampling_logprobs_T == draws[0].policy_logprobs_T == (0.0,)
    assert draws[0].finish_reason == "stop"


def test_identity_does_not_depend_on_seed_and_temperature() -> None:
    """It is a control: what varies between its samples is measurement alone."""
    policy = IdentityPolicy("return x")
    assert policy.sample([], 2, 1, 0.0, 1) == policy.sample([], 2, 9, 2.0, 99)
