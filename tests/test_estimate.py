"""What a study will cost, counted by hand."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kbwf.cli import main
from kbwf.estimate import FEEDBACK_TOKENS, Assumptions, Estimate, estimate, merged
from kbwf.settings import StudySettings, load_settings

ROOT = Path(__file__).parents[1]
ASSUMED = Assumptions(prompt_tokens=100, response_tokens=10, evaluation_s=9.0, drawn_tokens_per_s=20.0)
TASKS = {"subset": [1, 2]}
SAMPLING = {"num_samples": 8, "chunk_size": 4, "seeds": [0, 1], "max_tokens": 50, "temperature": 0.5}


def of(assumed: Assumptions = ASSUMED, **blocks: Any) -> Estimate:
    """Of two bundled tasks, two seeds, eight samples in fours."""
    return estimate(StudySettings.model_validate({"tasks": TASKS, "sampling": SAMPLING, **blocks}), assumed)


def test_samples_are_those_of_base_and_control() -> None:
    """2 tasks x 2 seeds x 8, and x 4 of the control; a prompt is read once per chunk of 4."""
    found = of()
    assert (found.num_samples, found.num_control_samples, found.num_evaluations) == (32, 16, 48)
    assert (found.drawn_tokens, found.prompt_tokens, found.scored_tokens) == (320, 800, 0)
    assert found.num_repetitions == 2 * 5 + 2 * 2 * (5 + 1) * 3  # 5 pairs a task; 5 strategies' choices, 1 reference
    assert found.judge_gpu_h == pytest.approx((48 + 82) * 9 / 3600)
    assert found.model_gpu_h == pytest.approx((320 / 20 + 800 / 5000) / 3600)


def test_without_a_length_every_response_is_as_long_as_it_may_be() -> None:
    """32 times 50 tokens."""
    assert of(Assumptions(prompt_tokens=100)).drawn_tokens == 1600


def test_a_server_reads_the_prompt_for_every_sample_and_costs_no_gpu_here() -> None:
    """One request per sample."""
    served = {"backend": "openai", "base_url": "http://a/v1", "model": "m", "logprobs_temperature": "one"}
    found = of(base=served)
    assert (found.prompt_tokens, found.scored_tokens, found.model_gpu_h) == (3200, 0, 0.0)


@pytest.mark.parametrize(("said", "num_scored"), [("one", 0), ("sampling", 32)])
def test_on_tinker_samples_are_scored_where_their_numbers_are_at_another_temperature(
    said: str, num_scored: int
) -> None:
    """110 tokens each."""
    base = {"backend": "tinker", "model": "m", "logprobs_temperature": said}
    assert of(base=base).scored_tokens == num_scored * 110


def test_what_is_recorded_is_only_judged() -> None:
    """Nothing is drawn."""
    found = of(base={"backend": "replay", "path": "a.jsonl"}, identity={"num_samples": 0})
    assert (found.num_samples, found.num_evaluations, found.drawn_tokens) == (0, 32, 0)


def test_a_run_draws_for_its_steps_and_for_its_report() -> None:
    """Task 1, 4 rollouts, 2 steps, seed 0: step 0 is the study's samples, steps 1 and 2 draw 4 each, start and chosen
    step 4 fresh ones each; both updates read 4 x 110 tokens, the probe as many for each step."""
    run = {"name": "a", "method": "grpo", "tasks": [1], "num_steps": 2, "rollouts_per_task": 4}
    found = of(runs=[run])
    assert (found.num_samples, found.num_updates) == (32 + 16, 2)
    assert (found.trained_tokens, found.scored_tokens, found.teacher_tokens) == (880, 880, 0)
    found = of(runs=[run | {"seeds": [7], "is_probed": False, "num_gradient_steps": 3}])
    assert (found.num_samples, found.trained_tokens, found.scored_tokens) == (32 + 20, 2640, 0)


def test_a_teacher_reads_prompt_feedback_and_response() -> None:
    """4 rollouts of one step."""
    run = {"name": "a", "method": "sdpo", "tasks": [1], "num_steps": 1, "rollouts_per_task": 4, "is_probed": False}
    assert of(runs=[run]).teacher_tokens == 4 * (110 + FEEDBACK_TOKENS)


def test_an_outer_loop_draws_what_its_updates_take() -> None:
    """One task per step, 4 rollouts: step 0's are the study's; then start and last policy on both tasks, fresh."""
    run = {"name": "a", "method": "rlvr", "tasks": "study", "num_steps": 3, "rollouts_per_task": 4, "tasks_per_step": 1}
    found = of(runs=[run | {"is_probed": False}])
    assert (found.num_samples, found.num_updates) == (32 + 2 * 4 + 2 * 2 * 4, 3)


def test_configurations_are_merged_as_snakemake_does() -> None:
    """Mappings key by key, lists whole."""
    assert merged({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"c": 3}, "d": [4]}) == {"a": {"b": 1, "c": 3}, "d": [4]}


@pytest.mark.parametrize("path", sorted((ROOT / "workflow" / "studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_can_be_estimated(path: Path) -> None:
    """Without network, model or server."""
    raw = merged(yaml.safe_load((ROOT / "config.yaml").read_text()), yaml.safe_load(path.read_text()))
    found = estimate(load_settings(raw, path.name), Assumptions())
    assert found.num_evaluations >= found.num_samples + found.num_control_samples > 0


def test_the_paper_s_study_costs_what_its_comment_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The command of the comment."""
    study = ROOT / "workflow" / "studies" / "paper-tinker.yaml"
    lengths = ["--prompt-tokens", "960", "--response-tokens", "20"]
    assert main(["plan", str(study), "--config", str(ROOT / "config.yaml"), *lengths]) == 0
    shown = capsys.readouterr().out
    for number in ("22,880", "23,040", "457,600", "1,372,800", "33,868,800", "14,582,400", "940", "20.0"):
        assert number in shown
    assert "Assumed: prompt tokens 960, response tokens 20, evaluation s 3" in shown


@pytest.mark.parametrize("name", ["prompt-tokens", "response-tokens"])
@pytest.mark.parametrize("given", ["0", "-3", "9" * 400, "nan", "1.5"])
def test_a_number_of_tokens_is_at_least_one(name: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And no more than a sample's record may have."""
    with pytest.raises(SystemExit) as caught:
        main(["plan", "study.yaml", f"--{name}={given}"])
    assert caught.value.code == 2
    assert f"argument --{name}: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["evaluation-s", "drawn-tokens-per-s", "read-tokens-per-s"])
@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "1e-320", "1e300"])
def test_what_hours_are_made_of_is_positive_and_finite(
    name: str, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the estimate would be none, or a traceback."""
    with pytest.raises(SystemExit) as caught:
        main(["plan", "study.yaml", f"--{name}={given}"])
    assert caught.value.code == 2
    assert f"argument --{name}: {given} is out of range; give a number from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"), [("- 1", "its top level is list"), ("a: [", "cannot be read"), ("tsks: {}", "unknown key")]
)
def test_what_is_no_study_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    """Exit code 2, as for any configuration."""
    (tmp_path / "study.yaml").write_text(text)
    assert main(["plan", str(tmp_path / "study.yaml"), "--config", str(ROOT / "config.yaml")]) == 2
    assert message in capsys.readouterr().err
