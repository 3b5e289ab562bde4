"""Two runs of adaptation through Snakemake, whole; `test_tiny_run.py` has one with a single task."""

import json

import pytest

from tests.workflow.conftest import TINY_STUDY, Project
from tests.workflow.test_tiny_run import JOINS, records

pytestmark = pytest.mark.studies

RETRAINED = {"adapt_policy": 2, "probe_policy": 1, "select_checkpoint": 2, "summarize_run": 2}
"""What follows from new rollouts of the base policy, besides the samples of the two steps."""

RUNS = (
    "  - {{name: ttt, method: grpo, tasks: study, num_steps: {steps}, rollouts_per_task: 2,"
    " entropy_coefficient: 0.01}}\n"
    "  - {{name: sdpo, method: sdpo, tasks: [13], transfer_to: [1], num_steps: 1, rollouts_per_task: 2,"
    " is_probed: false, learning_rate: {rate}}}\n"
)


@pytest.fixture(scope="session")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which the tiny study has run once with both runs. Tests leave its sources as they were."""
    project = Project(tmp_path_factory.mktemp("adapted"))
    project.study("tiny.yaml", TINY_STUDY.partition("runs:")[0] + "runs:\n" + RUNS.format(steps=1, rate=1e-5))
    code, output = project.run()
    assert code == 0, output[-4000:]
    return project


def test_every_sample_of_both_runs_has_an_evaluation(adapted: Project) -> None:
    """16 samples of 2 tasks, 4 of the base policy and 4 of the control each; 6 of the steps of two runs."""
    samples = records(adapted.folder, "results/samples/*/*/seed0/*.jsonl")
    evaluations = records(adapted.folder, "results/evals/*/*/seed0/*.json")
    assert len(samples) == len(evaluations) == 22


def test_runs_update_choose_probe_and_are_summed_up(adapted: Project) -> None:
    """Each run has an adapter of its own; test-time training's scores 4 fresh samples of the base policy."""
    folder = adapted.folder / "results"
    updates = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("policies/*/update.json")}
    assert set(updates) == {"ttt_seed0.step1", "sdpo_seed0.step1"}
    assert all(update["num_gradient_steps"] == 1 for update in updates.values())
    assert updates["sdpo_seed0.step1"]["num_teacher_tokens"] > 0
    checkpoints = [json.loads((folder / f"policies/{name}/checkpoint.json").read_text()) for name in updates]
    assert len({checkpoint["sampler_sha256"] for checkpoint in checkpoints}) == 2
    summaries = {each["run_id"]: each for each in records(adapted.folder, "results/runs/*/summary.json")}
    assert set(summaries) == {"ttt_seed0", "sdpo_seed0"}
    assert {score["is_transfer"] for score in summaries["sdpo_seed0"]["fresh"]} == {False, True}
    assert summaries["ttt_seed0"]["compute"]["num_rollouts"] == 8
    probed = records(adapted.folder, "results/probes/*.jsonl")
    assert {(each["probed_policy_id"], each["policy_id"]) for each in probed} == {("ttt_seed0.step1", "base")}
    assert len(probed) == 4


def test_another_step_adds_one_update_its_samples_evaluations_and_joins(adapted: Project) -> None:
    """Of 2 tasks with 2 rollouts each; the probe of the new step, the choice among one step more, and the report."""
    adapted.study("steps.yaml", "runs:\n" + RUNS.format(steps=2, rate=1e-5))
    planned = adapted.planned(studies=("tiny.yaml", "steps.yaml"))
    assert planned == {
        "adapt_policy": 1, "sample_chunk": 2, "evaluate_kernel": 4, "score_samples": 2, "probe_policy": 1,
        "select_checkpoint": 1, "summarize_run": 1, "make_report": 1,
    }  # fmt: skip


def test_a_learning_rate_touches_its_run_alone(adapted: Project) -> None:
    """One task with 2 rollouts; the report; the base policy's samples and the other run stay."""
    adapted.study("rate.yaml", "runs:\n" + RUNS.format(steps=1, rate=1e-3))
    planned = adapted.planned(studies=("tiny.yaml", "rate.yaml"))
    assert planned == {
        "adapt_policy": 1, "sample_chunk": 1, "evaluate_kernel": 2, "score_samples": 1, "select_checkpoint": 1,
        "summarize_run": 1, "make_report": 1,
    }  # fmt: skip


def test_a_temperature_redraws_the_base_policy_and_leaves_the_control(adapted: Project) -> None:
    """The control gives one answer at any temperature. 4 chunks, 2 fresh ones and 3 of the steps, 2 samples each."""
    adapted.study("warm.yaml", "sampling: {temperature: 0.5}")
    planned = adapted.planned(studies=("tiny.yaml", "warm.yaml"))
    assert planned == {**JOINS, **RETRAINED, "sample_chunk": 9, "evaluate_kernel": 18, "score_samples": 9}


def test_an_evaluation_setting_judges_everything_anew(adapted: Project) -> None:
    """The mode belongs to each evaluation; samples stay, but for those of the steps that are learned anew."""
    adapted.study("full.yaml", "evaluation: {mode: full}")
    planned = adapted.planned(studies=("tiny.yaml", "full.yaml"))
    assert planned == {
        "calibrate_task": 2, "sample_chunk": 3, "evaluate_kernel": 26, "score_samples": 11, "select_samples": 12,
        "confirm_kernel": 2, "write_best": 1, "make_report": 1, **RETRAINED,
    }  # fmt: skip


def test_an_edit_of_the_judge_judges_and_learns_anew(adapted: Project) -> None:
    """All evaluations, and all that is learned from them."""
    adapted.edit("kbwf/verdict/comparison.py", "\n\n\n", "\n\n\n_ADDED = 1\n\n\n")
    try:
        planned = adapted.planned()
    finally:
        adapted.edit("kbwf/verdict/comparison.py", "\n\n\n_ADDED = 1\n\n\n", "\n\n\n")
    assert planned == {
        "calibrate_task": 2, "sample_chunk": 3, "evaluate_kernel": 26, "score_samples": 11, "select_samples": 12,
        "confirm_kernel": 2, "write_best": 1, "make_report": 1, **RETRAINED,
    }  # fmt: skip
