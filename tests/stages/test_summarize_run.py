"""Facts about what a run came to."""

from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import RecordError
from kbwf.records import Environment, PolicyUpdate, RunSummary, Trajectory
from kbwf.stages.summarize_run import summarize_run
from kbwf.store import read_record, write_record, write_records
from tests.builders import make_scored


def make_update(step: int, **changed: Any) -> PolicyUpdate:
    """A gradient step over 10 tokens that took 2 s."""
    fields: dict[str, Any] = {
        "policy_id": f"r.step{step}", "parent_policy_id": f"r.step{step - 1}" if step > 1 else "base", "run_id": "r",
        "method": "sdpo", "seed": 0, "step": step, "settings": {}, "task_ids": ("l0_p001",), "num_rollouts": 2,
        "temperature": 1.0, "mean_reward": 0.5, "reward_history": {}, "num_gradient_steps": 2,
        "no_update_reason": None, "stopped_reason": None, "num_rollouts_without_solution": None, "loss": 0.0,
        "kl_sample_train_nats": 0.0, "kl_sample_train_v2_nats": 0.0, "max_ratio": 1.0, "entropy_nats": 0.0,
        "gradient_norm": 1.0, "num_prompt_tokens": 6, "num_response_tokens": 4, "num_teacher_tokens": 30,
        "num_batches": 1, "wall_s": 2.0, "gpu_s": 0.0,
        "environment": Environment(device="cpu: test", torch="2", python="3.11"),
    }  # fmt: skip
    return PolicyUpdate.model_validate({**fields, **changed})


def make_trajectory(chosen_step: int) -> Trajectory:
    """Of two steps."""
    return Trajectory(
        run_id="r",
        policy_ids_N=("base", "r.step1", "r.step2"),
        fast_1_N=(0.0, 0.5, 0.25),
        fast_1_by_task_N=({}, {}, {}),
        correct_frac_N=(1.0, 1.0, 1.0),
        rolled_back_N=(None, None, None),
        num_samples=4,
        chosen_step=chosen_step,
        early_stopping_step=1,
        early_stopping_last_step=2,
        per_task_oracle=0.5,
    )


def summary_of(
    tmp_path: Path,
    updates: list[PolicyUpdate],
    fresh: dict[str, tuple[float | None, ...]],
    *,
    has_trajectory: bool = True,
    seed: int = 7,
) -> RunSummary:
    """Two rollouts of two tokens each, one of them not measured again; fresh samples by policy."""
    updates_paths, fresh_paths = [], []
    for update in updates:
        updates_paths.append(tmp_path / f"{update.policy_id}.json")
        write_record(updates_paths[-1], update)
    for policy_id, speedups in fresh.items():
        fresh_paths.append(tmp_path / f"{policy_id}.fresh.jsonl")
        scored = [make_scored(index, speedup, policy_id=policy_id, seed=seed) for index, speedup in enumerate(speedups)]
        write_records(fresh_paths[-1], scored)
    rollouts, trajectory, output = tmp_path / "rollouts.jsonl", tmp_path / "trajectory.json", tmp_path / "summary.json"
    write_records(
        rollouts, [make_scored(0, 2.0, seconds_s={"compile": 1.0, "time": 0.5}), make_scored(1, 2.0, is_reused=True)]
    )
    write_record(trajectory, make_trajectory(1))
    chosen = trajectory if has_trajectory else None
    summarize_run("r", "r", updates_paths, [rollouts], chosen, fresh_paths, [], output)
    return read_record(output, RunSummary)


def test_a_run_is_worth_what_its_chosen_step_shows_on_fresh_samples(tmp_path: Path) -> None:
    """Chosen by 0.5, worth 0.25, where the base policy has 0."""
    fresh = {"r.step1": (2.0, None, 0.5, 0.5), "base": (0.5, 0.5, 0.5, None)}
    summary = summary_of(tmp_path, [make_update(1), make_update(2)], fresh)
    assert (summary.chosen_step, summary.chosen_policy_id, summary.selection_fast_1) == (1, "r.step1", 0.5)
    assert {one.policy_id: one.fast_1 for one in summary.fresh} == {"base": 0.0, "r.step1": 0.25}
    assert [one.correct_frac for one in summary.fresh] == [0.75, 0.75]


def test_what_a_run_spent_is_counted(tmp_path: Path) -> None:
    """Two updates of two gradient steps over 10 tokens; an evaluation that was taken over took no time."""
    compute = summary_of(tmp_path, [make_update(1), make_update(2)], {}).compute
    assert (compute.num_rollouts, compute.num_evaluations, compute.num_evaluations_reused) == (2, 1, 1)
    assert (compute.num_student_prompt_tokens, compute.num_student_response_tokens) == (14, 4)
    assert (compute.num_trained_tokens, compute.num_teacher_tokens) == (40, 60)
    assert (compute.update_wall_s, compute.update_gpu_s) == (4.0, 0.0)
    assert (compute.evaluation_wall_s, compute.evaluation_gpu_s) == (1.5, 0.0)


def test_an_outer_loop_ends_with_its_last_policy_and_says_why_it_stopped(tmp_path: Path) -> None:
    """Nothing is chosen; a step without update is named."""
    stopped = {"num_gradient_steps": 0, "no_update_reason": "the run stops: KL", "stopped_reason": "KL"}
    updates = [make_update(1), make_update(2, **stopped)]
    summary = summary_of(tmp_path, updates, {"r.step2": (2.0,)}, has_trajectory=False)
    assert (summary.chosen_step, summary.chosen_policy_id, summary.selection_fast_1) == (2, "r.step2", None)
    assert (summary.num_updates, summary.no_update_reasons, summary.stopped_reason) == (
        1,
        {2: "the run stops: KL"},
        "KL",
    )


def test_the_samples_that_a_step_was_chosen_by_are_not_fresh(tmp_path: Path) -> None:
    """The run's own seed is refused."""
    with pytest.raises(RecordError, match="under other seeds than 0, got"):
        summary_of(tmp_path, [make_update(1)], {"r.step1": (2.0,)}, seed=0)


def test_fresh_samples_of_another_policy_are_refused(tmp_path: Path) -> None:
    """Only the chosen policy and the one it began with are of interest."""
    with pytest.raises(RecordError, match=r"fresh samples are those of base and r\.step1"):
        summary_of(tmp_path, [make_update(1)], {"r.step2": (2.0,)})


def test_a_gap_among_the_updates_is_noticed(tmp_path: Path) -> None:
    """Costs would be missing."""
    with pytest.raises(RecordError, match=r"got r\.step2"):
        summary_of(tmp_path, [make_update(2)], {})
