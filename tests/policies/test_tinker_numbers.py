"""What the backend computes of what it is given; needs no SDK."""

from pathlib import Path

import pytest

from kbwf.errors import PolicyError
from kbwf.policies.tinker import checked_logprobs, temperature_of
from kbwf.policies.tinker_files import StoredWeights, adapter_digest, read_weights, write_weights
from kbwf.policies.tinker_service import Service
from kbwf.policies.tinker_trainer import loss_inputs, report_of
from kbwf.settings import BaseSettings
from kbwf.training.datums import Datum

MESSAGES = ({"role": "user", "content": "hi"},)
WEIGHTS = StoredWeights(
    base_model="m", lora_rank=8, sampler_path="tinker://a/sampler_weights/b", state_path="tinker://a/weights/b",
    first_sampler_path=None,
)  # fmt: skip


def test_a_token_is_predicted_at_the_place_before_it() -> None:
    """Three prompt tokens and two of a response: the last prompt token predicts the first of the response."""
    input_ids, inputs = loss_inputs([10, 11, 12], Datum(MESSAGES, (5, 6), (-0.5, -0.25), (2.0, 3.0)))
    assert input_ids == [10, 11, 12, 5]
    assert inputs["target_tokens"] == [11, 12, 5, 6]
    assert inputs["logprobs"] == [0.0, 0.0, -0.5, -0.25]
    assert inputs["advantages"] == [0.0, 0.0, 2.0, 3.0]


def test_a_report_reads_response_tokens_only() -> None:
    """Two prompt tokens, so one target before the response, whose number is not read."""
    data = [Datum(MESSAGES, (5, 6), (-1.0, -1.0), (1.0, -1.0))]
    report = report_of(data, [[10, 11]], [[-9.0, -1.0, -1.5]], "m")
    assert report.loss == pytest.approx(-(1.0 - 0.6065306597))
    assert (report.kl_sample_train_nats, report.max_ratio, report.num_response_tokens) == (0.25, 1.0, 2)


def test_a_report_of_fewer_examples_is_refused() -> None:
    """Which of them is missing, nobody says."""
    with pytest.raises(PolicyError, match="trained on 1 examples, but told of 0"):
        report_of([Datum(MESSAGES, (5,), (-1.0,), (1.0,))], [[10]], [], "m")


def test_the_median_tells_which_temperature_numbers_are_at() -> None:
    """One token that both round differently says nothing; most that differ do."""
    scores = [-4.0, -2.0, -1.0, -3.0, -0.5]
    assert temperature_of([-4.9, -2.01, -1.0, -3.0, -0.5], scores) == "one"
    assert temperature_of([-2.5, -1.4, -1.0, -2.1, -0.7], scores) == "sampling"


@pytest.mark.parametrize("given", [[-1.0], [-1.0, None], [-1.0, float("-inf")], [-1.0, 0.1]])
def test_numbers_that_no_drawn_token_has_are_refused(given: list[float | None]) -> None:
    """Too few, missing, infinite, positive."""
    with pytest.raises(PolicyError, match="log-probabilit"):
        checked_logprobs(given, 2, "m")


def test_a_rounding_above_zero_is_zero() -> None:
    """A record refuses what is positive."""
    assert checked_logprobs([1e-6, -1.0], 2, "m") == (0.0, -1.0)


def test_stored_weights_are_a_file_that_reads_back(tmp_path: Path) -> None:
    """Its digest is that of its content."""
    write_weights(tmp_path / "adapter", WEIGHTS)
    assert read_weights(tmp_path / "adapter") == WEIGHTS
    before = adapter_digest(tmp_path / "adapter")
    write_weights(tmp_path / "adapter", WEIGHTS.model_copy(update={"state_path": "tinker://a/weights/c"}))
    assert adapter_digest(tmp_path / "adapter") != before


def test_what_is_no_stored_weights_says_what_it_should_be(tmp_path: Path) -> None:
    """A folder of peft, or a file that was edited."""
    with pytest.raises(
        PolicyError, match=r"holds no tinker.json; give the folder adapter/ of a policy trained on Tinker"
    ):
        read_weights(tmp_path)
    (tmp_path / "tinker.json").write_text('{"base_model": "m"}')
    with pytest.raises(PolicyError, match="does not say where the weights are"):
        read_weights(tmp_path)


def test_without_the_sdk_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the key, which is asked for first."""
    monkeypatch.setenv("TINKER_API_KEY", "tml-planted-key")
    monkeypatch.setitem(__import__("sys").modules, "tinker", None)
    with pytest.raises(PolicyError, match=r"pip install 'kbwf\[tinker\]'"):
        Service(BaseSettings(backend="tinker", model="m", logprobs_temperature="one"))
