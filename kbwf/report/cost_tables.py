"""What was spent: four numbers for every method, and seconds by phase."""

from collections import defaultdict

import pandas as pd

from kbwf.records import BASE, CONTROL
from kbwf.report.published import published
from kbwf.report.runs import runs_of
from kbwf.report.study import NOT_COUNTED, Study
from kbwf.report.table import Cell, Column, Row, Table

_PUBLISHED_RUNS = {"grpo": "boa_step1", "sdpo": "sdpo_feedback", "sdpo, prompt only": "sdpo_prompt_only"}


def compute_table(study: Study) -> Table:
    """Rollouts, evaluations, tokens and seconds: of one sample per task, of Best-of-N, and of every run."""
    rows: list[Row] = []
    for policy_id in study.shown_policies:
        ours = study.of_policy(policy_id)
        first = ours[(ours["sample_idx"] == 0) & (ours["seed"] == ours["seed"].min())]
        is_base = policy_id == BASE
        rows.append(_row(f"{policy_id}, one sample per task", first, "base_k1" if is_base else ""))
        rows.append(_row(f"{policy_id}, Best-of-N", ours, "best_of_n_k64" if is_base else ""))
    if len(study.control) and CONTROL not in study.shown_policies:
        rows.append(_row("identity control", study.control, ""))
    for run in runs_of(study):
        compute = run.summary.compute
        theirs = published()["compute_tokens"].get(_PUBLISHED_RUNS.get(run.what, ""), {})
        rows.append(
            {
                "method": run.summary.run_id,
                "num_rollouts": compute.num_rollouts,
                "num_evaluations": compute.num_evaluations,
                "num_reused": compute.num_evaluations_reused,
                "prompt_tokens": compute.num_student_prompt_tokens,
                "response_tokens": compute.num_student_response_tokens,
                "trained_tokens": compute.num_trained_tokens,
                "teacher_tokens": compute.num_teacher_tokens,
                "evaluation_s": compute.evaluation_wall_s,
                "evaluation_gpu_s": compute.evaluation_gpu_s,
                "update_s": compute.update_wall_s,
                "update_gpu_s": compute.update_gpu_s,
                "published_student_tokens": theirs.get("student"),
                "published_teacher_tokens": theirs.get("teacher"),
            }
        )
    return Table(
        "Compute",
        "What each method spent; Best-of-N over all its tasks and seeds, a run until its last step, step 0 included"
        " whoever paid for it, fresh samples and the probe apart. An evaluation that takes over an equal kernel's"
        " measurement is counted as reused. GPU seconds are those of work done on a GPU. Published: 5 tasks, student"
        " tokens with prompts; 64 samples of each, or one step of 32 rollouts and its base.",
        (
            Column("method", "method"),
            Column("num_rollouts", "rollouts"),
            Column("num_evaluations", "evaluations"),
            Column("num_reused", "reused"),
            Column("prompt_tokens", "prompt tokens"),
            Column("response_tokens", "response tokens"),
            Column("trained_tokens", "trained tokens"),
            Column("teacher_tokens", "teacher tokens"),
            Column("evaluation_s", "evaluation, s", 1),
            Column("evaluation_gpu_s", "on a GPU, s", 1),
            Column("update_s", "updates, s", 1),
            Column("update_gpu_s", "on a GPU, s", 1),
            Column("published_student_tokens", "published student tokens"),
            Column("published_teacher_tokens", "published teacher tokens"),
        ),
        rows,
    )


def _row(method: str, frame: pd.DataFrame, published_name: str) -> Row:
    measured = frame[~frame["is_reused"]]
    seconds = measured["seconds_s"].map(lambda phases: sum(phases.values())).astype(float)
    theirs = published()["compute_tokens"].get(published_name, {})
    return {
        "method": method,
        "num_rollouts": len(frame),
        "num_evaluations": len(measured),
        "num_reused": len(frame) - len(measured),
        "prompt_tokens": _total(frame["num_prompt_tokens"]),
        "response_tokens": _total(frame["num_tokens"]),
        "trained_tokens": 0,
        "teacher_tokens": 0,
        "evaluation_s": float(seconds.sum()),
        "evaluation_gpu_s": float(seconds[measured["has_gpu"]].sum()),
        "update_s": 0.0,
        "update_gpu_s": 0.0,
        "published_student_tokens": theirs.get("student"),
        "published_teacher_tokens": theirs.get("teacher"),
    }


def _total(num_tokens: "pd.Series[float]") -> Cell:
    return NOT_COUNTED if num_tokens.isna().any() else int(num_tokens.sum())


def seconds_table(study: Study) -> Table:
    """Where evaluations' time went by phase, and what updates took, for every policy."""
    spent: dict[tuple[str, str], float] = defaultdict(float)
    frame = study.samples[~study.samples["is_reused"]]
    for policy_id, seconds_s in zip(frame["policy_id"], frame["seconds_s"], strict=True):
        for phase, value in seconds_s.items():
            spent[policy_id, f"evaluation: {phase}"] += value
    for update in study.updates:
        spent[update.policy_id, "update"] += update.wall_s
    rows: list[Row] = [
        {"policy": policy_id, "phase": phase, "seconds_s": float(value)}
        for (policy_id, phase), value in sorted(spent.items(), key=lambda item: (item[0][0] == CONTROL, item[0]))
    ]
    return Table(
        "Seconds",
        "Wall seconds on the machine that did the work: phases of evaluations that were measured, not reused, and"
        " updates of policies with loading and saving. Drawing samples is not timed by sample.",
        (Column("policy", "policy"), Column("phase", "phase"), Column("seconds_s", "seconds", 1)),
        rows,
        () if rows else ("No evaluation says where its time went.",),
    )
