"""The whole workflow on two bundled tasks and a demo policy that has hardly learnt anything.

All that look at the one finished study are in this file, so that it is made once where two processes share the tests.
"""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.workflow.conftest import Project, identity_of

RETRAINED = {"adapt_policy": 1, "probe_policy": 1, "select_checkpoint": 1, "summarize_run": 1}
"""What follows from new rollouts of the base policy, besides the samples of the step."""
JOINS = {"score_samples": 2, "select_samples": 6, "confirm_kernel": 2, "write_best": 1, "make_report": 1}


def records(folder: Path, pattern: str) -> list[dict]:
    """All JSON records that match."""
    return [json.loads(line) for path in sorted(folder.glob(pattern)) for line in path.read_text().splitlines()]


def test_every_sample_has_an_evaluation_and_the_report_is_there(finished: Project) -> None:
    """16 samples of 2 tasks, 4 of the base policy and 4 of the control each; 2 of the one step."""
    samples = records(finished.folder, "results/samples/*/*/seed0/*.jsonl")
    evaluations = records(finished.folder, "results/evals/*/*/seed0/*.json")
    assert len(samples) == len(evaluations) == 18
    for name in ("selection.csv", "scaling.svg", "status.md", "tasks.csv", "noise_floor.csv", "summary.md"):
        assert (finished.folder / "results/report" / name).stat().st_size > 0
    assert (finished.folder / "results/best/index.csv").exists()
    split = json.loads((finished.folder / "results/splits/l0_seed42.json").read_text())
    assert len(split["train_ids"]) + len(split["eval_ids"]) == split["num_problems"]


def test_the_control_is_judged_anew_for_every_sample_and_passes(finished: Project) -> None:
    """Four separate measurements a task, none reused."""
    control = records(finished.folder, "results/evals/identity/*/seed0/*.json")
    assert [each["status"] for each in control] == ["passed"] * 8
    assert not any(each["is_reused"] for each in control)
    assert len({tuple(each["timing"]["block_runtime_ms"]) for each in control}) == 8


def test_a_run_updates_chooses_probes_and_is_summed_up(finished: Project) -> None:
    """The one update took a gradient step, and its policy scored 2 fresh samples of the base policy."""
    folder = finished.folder / "results"
    (update,) = records(finished.folder, "results/policies/*/update.json")
    assert (update["policy_id"], update["parent_policy_id"]) == ("ttt_seed0.step1", "base")
    assert update["num_gradient_steps"] == 1
    checkpoint = json.loads((folder / "policies/ttt_seed0.step1/checkpoint.json").read_text())
    assert checkpoint["sampler_sha256"]
    (summary,) = records(finished.folder, "results/runs/*/summary.json")
    assert (summary["run_id"], summary["compute"]["num_rollouts"]) == ("ttt_seed0", 4)
    assert {score["is_transfer"] for score in summary["fresh"]} == {False}
    probed = records(finished.folder, "results/probes/*.jsonl")
    assert [(each["probed_policy_id"], each["policy_id"]) for each in probed] == [("ttt_seed0.step1", "base")] * 2


def test_step_0_shares_the_base_policy_s_samples(finished: Project) -> None:
    """The rollouts that the first update learned from are the first of those that strategies choose from."""
    folder = finished.folder / "results/scored/base/l0_p013/seed0"
    first, all_of_them = ((folder / f"first{num}.jsonl").read_text().splitlines() for num in (2, 4))
    assert first == all_of_them[:2]


def test_another_step_adds_one_update_its_samples_evaluations_and_joins(finished: Project) -> None:
    """Of one task with 2 rollouts; the probe of the new step, and the choice among one step more."""
    finished.study(
        "steps.yaml",
        "runs: [{name: ttt, method: grpo, tasks: [13], num_steps: 2, rollouts_per_task: 2, entropy_coefficient: 0.01}]",
    )
    planned = finished.planned(studies=("tiny.yaml", "steps.yaml"))
    assert planned == {
        "adapt_policy": 1, "sample_chunk": 1, "evaluate_kernel": 2, "score_samples": 1, "probe_policy": 1,
        "select_checkpoint": 1, "summarize_run": 1, "make_report": 1,
    }  # fmt: skip


def test_another_run_leaves_the_first_alone(finished: Project) -> None:
    """Its update and one task with 2 rollouts, up to the choice; it begins with the base policy's samples."""
    first = "{name: ttt, method: grpo, tasks: [13], num_steps: 1, rollouts_per_task: 2, entropy_coefficient: 0.01}"
    second = "{name: sdpo, method: sdpo, tasks: [13], num_steps: 1, rollouts_per_task: 2, is_probed: false}"
    finished.study("second.yaml", f"runs: [{first}, {second}]")
    planned = finished.planned(studies=("tiny.yaml", "second.yaml"))
    assert planned == {
        "adapt_policy": 1, "sample_chunk": 1, "evaluate_kernel": 2, "score_samples": 1, "select_checkpoint": 1,
        "summarize_run": 1, "make_report": 1,
    }  # fmt: skip


def test_no_temporary_file_is_left(finished: Project) -> None:
    """Atomic writes leave nothing beside their outputs, but for the one that a kill met."""
    names = {path.name for path in finished.hidden() - finished.leftovers}
    assert names <= {".snakemake_timestamp", ".lock"}
    assert len(finished.leftovers) <= 2


def test_a_second_run_has_nothing_to_do(finished: Project) -> None:
    """Results are complete and Snakemake knows it."""
    assert "Nothing to be done" in finished.run()[1]


def test_more_samples_add_chunks_their_evaluations_and_joins(finished: Project) -> None:
    """num_samples 4 to 8 in chunks of 2: two new chunks and four evaluations a task; the control stays."""
    finished.study("more.yaml", "sampling: {num_samples: 8}")
    planned = finished.planned(studies=("tiny.yaml", "more.yaml"))
    assert planned == {"sample_chunk": 4, "evaluate_kernel": 8, **JOINS}


def test_a_seed_adds_its_own_samples_only(finished: Project) -> None:
    """A second seed draws and judges its samples, and the control's, and leaves the first seed's selections."""
    finished.study("seeds.yaml", "sampling: {seeds: [0, 1]}")
    planned = finished.planned(studies=("tiny.yaml", "seeds.yaml"))
    assert planned == {
        "sample_chunk": 6, "evaluate_kernel": 16, "score_samples": 4, "select_samples": 12, "confirm_kernel": 2,
        "write_best": 1, "make_report": 1,
    }  # fmt: skip


def test_a_temperature_redraws_the_base_policy_and_leaves_the_control(finished: Project) -> None:
    """The control gives one answer at any temperature. 4 chunks, a fresh one and one of the step, 2 samples each."""
    finished.study("warm.yaml", "sampling: {temperature: 0.5}")
    planned = finished.planned(studies=("tiny.yaml", "warm.yaml"))
    assert planned == {**JOINS, **RETRAINED, "sample_chunk": 6, "evaluate_kernel": 12, "score_samples": 5}


def test_an_evaluation_setting_judges_everything_anew(finished: Project) -> None:
    """The mode belongs to each evaluation; samples stay, but for those of the step that is learned anew."""
    finished.study("full.yaml", "evaluation: {mode: full}")
    planned = finished.planned(studies=("tiny.yaml", "full.yaml"))
    assert planned == {
        "calibrate_task": 2, "sample_chunk": 1, "evaluate_kernel": 20, "score_samples": 7, "select_samples": 12,
        "confirm_kernel": 2, "write_best": 1, "make_report": 1, **RETRAINED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "selections"), [("top_m: 2", {"select_samples": 12}), ("num_confirmations: 2", {})], ids=["m", "pairs"]
)
def test_a_selection_setting_reruns_selections_only(
    finished: Project, setting: str, selections: dict[str, int]
) -> None:
    """top_m touches no sample and no evaluation; how often a choice is measured again touches no choice."""
    finished.study("top.yaml", f"selection: {{{setting}}}")
    planned = finished.planned(studies=("tiny.yaml", "top.yaml"))
    assert planned == selections | {"confirm_kernel": 2, "write_best": 1, "make_report": 1}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("README.md", "\n", "\nA new comment.\n", {}),
        ("kbwf/strategies/best_of_n.py", '"""', '"""Another word. ', {}),
        ("kbwf/settings.py", "CONTROL_CHUNK_SIZE = 4", "CONTROL_CHUNK_SIZE = 4\nUNUSED = 1", {}),
        ("kbwf/tasks/splits.py", "TRAIN_FRAC = 0.8", "TRAIN_FRAC = 0.5", {"make_split": 1}),
        ("kbwf/report/best_kernels.py", "\n\n\n", "\n\n\n_ADDED = 1\n\n\n", {"write_best": 1}),
        (
            "kbwf/policies/control.py", "\n\n\n", "\n\n\n_ADDED = 1\n\n\n",
            {
                "describe_policy": 1, "sample_chunk": 2, "evaluate_kernel": 8, "score_samples": 2, "select_samples": 6,
                "make_report": 1,
            },
        ),
        (
            "kbwf/strategies/best_of_n.py", "\n\n\n", "\n\n\n_ADDED = 1\n\n\n",
            {"select_samples": 12, "confirm_kernel": 2, "write_best": 1, "make_report": 1},
        ),
        (
            "kbwf/verdict/comparison.py", "\n\n\n", "\n\n\n_ADDED = 1\n\n\n",
            {
                "calibrate_task": 2, "sample_chunk": 1, "evaluate_kernel": 20, "score_samples": 7, "select_samples": 12,
                "confirm_kernel": 2, "write_best": 1, "make_report": 1, **RETRAINED,
            },
        ),
    ],
    ids=["readme", "docstring", "settings", "split", "best_kernels", "control", "selection", "verdict"],
)  # fmt: skip
def test_an_edit_reruns_what_depends_on_it(
    finished: Project, name: str, old: str, new: str, expected: dict[str, int]
) -> None:
    """Code reruns its stage and what follows; comments, docstrings and the configuration's module rerun nothing."""
    before = (finished.folder / name).read_text()
    try:
        finished.edit(name, old, new)
        assert finished.planned() == expected
    finally:
        (finished.folder / name).write_text(before)


def test_the_snakemake_report_is_made(finished: Project) -> None:
    """`snakemake --report` finds captions and categories for all outputs."""
    code, output = finished.run("--report", "report.html")
    assert code == 0, output[-3000:]
    html = (finished.folder / "report.html").read_text()
    assert "Best kernels" in html
    assert "Tables" in html


def test_a_killed_run_continues_where_it_was(finished: Project) -> None:
    """kill -9 in the middle; the same command finished, what was evaluated stayed untouched and whole."""
    assert 3 <= len(finished.survivors) < 20
    redone = [path.name for path, before in finished.survivors.items() if identity_of(path) != before]
    assert len(redone) <= 1, redone  # the one that was running when the kill came
    assert len(list((finished.folder / "results/evals").rglob("*.json"))) == 20


def test_a_second_run_in_the_same_folder_is_refused(finished: Project) -> None:
    """Two runs would write the same files; the second said so and the first went on."""
    code, output = finished.refused
    assert code != 0
    assert "another Snakemake is at work" in output
    assert "Traceback" not in output


@pytest.mark.studies
def test_the_same_seeds_sample_the_same_kernels(finished: Project, tmp_path: Path) -> None:
    """In a copy that has neither policy nor samples: its own training of the demo policy draws the same responses."""
    again = finished.copy(tmp_path / "again")
    for name in ("demo_policy", "policies", "samples"):
        shutil.rmtree(again.folder / "results" / name)
    path = "results/samples/base/l0_p001/seed0/chunk1.jsonl"
    code, output = again.run(path)
    assert code == 0, output[-3000:]
    assert (again.folder / path).read_text() == (finished.folder / path).read_text()


def test_a_node_whose_clock_is_ahead_reruns_nothing(finished: Project) -> None:
    """Inputs that seem younger than what was made of them: equal content decides, not the time."""
    ahead_s = time.time() + 600
    for path in [
        *(finished.folder / "results/tasks").iterdir(),
        *(finished.folder / "results/samples").rglob("*.jsonl"),
    ]:
        os.utime(path, (ahead_s, ahead_s))
    assert "Nothing to be done" in finished.run()[1]


def test_no_process_outlives_its_workflow(finished: Project) -> None:
    """Nothing that a finished run started is still there, warm processes and sandboxes included."""
    wait_until(lambda: not finished.processes())
