"""The report as a whole: files and sentences."""

import csv
import subprocess
import sys
from pathlib import Path

from kbwf.records import ScoredSample, Selection
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import make_report
from kbwf.store import write_record, write_records
from kbwf.strategies.best_of_n import select
from tests.builders import make_scored, make_task

STRATEGIES = SelectionSettings()
FILES = {
    *(
        f"{name}.{kind}"
        for name in ("selection", "scaling", "status", "tasks", "noise_floor")
        for kind in ("csv", "md")
    ),
    "scaling.svg",
    "status.svg",
    "summary.md",
}


def report_of(folder: Path, scored: list[ScoredSample], cfg: SelectionSettings = STRATEGIES) -> Path:
    """Write the records of one seed, select by every strategy, and report on tasks 1 and 2."""
    paths: list[Path] = []
    selections: list[Selection] = []
    for policy_id in sorted({one.sample.policy_id for one in scored}):
        for task_id in ("l0_p001", "l0_p002"):
            ours = [one for one in scored if (one.sample.policy_id, one.sample.task_id) == (policy_id, task_id)]
            path = folder / f"{policy_id}_{task_id}.jsonl"
            write_records(path, ours)
            paths.append(path)
            if ours:
                selections += [select(ours, strategy, "mean", 3) for strategy in cfg.strategies]
    write_records(folder / "selections.jsonl", selections)
    for number in (1, 2):
        write_record(folder / f"task{number}.json", make_task(number))
    tasks = [folder / "task1.json", folder / "task2.json"]
    make_report(paths, [folder / "selections.jsonl"], tasks, ReportSettings(num_resamples=100), cfg, folder / "report")
    return folder / "report"


def identity(task_id: str, speedup: float) -> ScoredSample:
    """One measurement of the control, ± 0.1."""
    return make_scored(
        0,
        speedup,
        low=speedup - 0.1,
        high=speedup + 0.1,
        ratios_B=(speedup,) * 3,
        task_id=task_id,
        policy_id="identity",
    )


SAMPLES = [
    make_scored(0, 0.5, (-0.1,), task_id="l0_p001"),
    make_scored(1, 3.0, (-2.0,), task_id="l0_p001"),
    make_scored(0, None, task_id="l0_p002"),
    make_scored(1, 1.5, (-1.0,), task_id="l0_p002"),
]


def test_the_report_is_complete_and_its_summary_says_what_the_numbers_say(tmp_path: Path) -> None:
    """Surprisal finds both faster kernels, confidence one; the control covers 1.00 on one task of two."""
    folder = report_of(tmp_path, [*SAMPLES, identity("l0_p001", 1.0), identity("l0_p002", 1.3)])
    assert {path.name for path in folder.iterdir()} == FILES
    summary = (folder / "summary.md").read_text()
    head = summary.split("##")[0]
    assert "3 of 4 samples are correct, in 2 of 2 tasks" in head
    assert "`surprisal` and `surprisal_top_m` do best: success 1.00 [1.00, 1.00]" in head
    assert "by `surprisal` from the identity control gives 0.50, confidently 0.50" in head
    assert "the confident success lies above the control's" in head
    assert "The oracle, which sees every time, reaches 1.00 [1.00, 1.00]" in head
    assert "covers 1.00 on 1 of 2 tasks" in head
    assert "50% lie above 1 and 50% do so confidently" in head
    assert "![Success against samples](scaling.svg)" in summary
    assert (folder / "tasks.md").read_text().split("\n\n")[-1].strip() in summary


def test_a_success_no_better_than_the_control_s_is_called_noise(tmp_path: Path) -> None:
    """One faster kernel each, with an interval around 1: the summary takes neither for a success."""
    noisy = [make_scored(0, 1.05, low=0.9, high=1.2), make_scored(0, 1.1, low=0.9, high=1.2, policy_id="identity")]
    head = (report_of(tmp_path, noisy) / "summary.md").read_text().split("##")[0]
    assert "gives 1.00, confidently 0.00, so that this success is not told apart from noise" in head


def test_a_report_of_failures_is_made_and_says_so(tmp_path: Path) -> None:
    """No sample is correct: all files are there, and the summary's head says that there was nothing to choose from."""
    failed = [make_scored(0, None, task_id=task_id) for task_id in ("l0_p001", "l0_p002")]
    folder = report_of(tmp_path, [*failed, identity("l0_p001", 1.0)])
    assert {path.name for path in folder.iterdir()} == FILES
    summary = (folder / "summary.md").read_text()
    assert "0 of 2 samples are correct, in 0 of 2 tasks" in summary
    assert "no strategy has anything to choose from" in summary
    assert "no sample is correct and faster" not in (folder / "status.svg").read_text()


def test_a_report_without_the_control_says_that_it_is_missing(tmp_path: Path) -> None:
    """Identity cells are n/a and a sentence says why this matters."""
    folder = report_of(tmp_path, SAMPLES)
    assert "The identity control was left out" in (folder / "summary.md").read_text()
    assert "n/a" in (folder / "noise_floor.csv").read_text()


def test_a_report_on_the_control_alone_shows_its_rows(tmp_path: Path) -> None:
    """With no other policy, the control's own selections and tasks are the rows."""
    folder = report_of(tmp_path, [identity("l0_p001", 1.0), identity("l0_p002", 1.0)])
    assert "identity,oracle" in (folder / "selection.csv").read_text()
    assert "Policy `identity`: 2 of 2 samples" in (folder / "summary.md").read_text()


def test_a_control_that_never_passes_is_called_a_fault(tmp_path: Path) -> None:
    """The reference judged wrong by its own judge is the first thing to know."""
    broken = make_scored(0, None, policy_id="identity")
    assert "passed nowhere (wrong_values)" in (report_of(tmp_path, [*SAMPLES, broken]) / "summary.md").read_text()


def test_the_same_records_give_the_same_report(tmp_path: Path) -> None:
    """Every file is equal byte for byte, bootstrap and figures included."""
    first, second = report_of(tmp_path / "a", SAMPLES), report_of(tmp_path / "b", SAMPLES)
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_a_strategy_that_could_not_choose_is_said_not_to_be_available(tmp_path: Path) -> None:
    """Without log-probabilities there is no surprisal: no number stands in its row, and the reason in the summary."""
    silent = [
        one.model_copy(update={"sample": one.sample.model_copy(update={"policy_logprobs_T": None})}) for one in SAMPLES
    ]
    folder = report_of(tmp_path, silent)
    rows = {row["strategy"]: row for row in csv.DictReader((folder / "selection.csv").open())}
    assert rows["surprisal"]["success"] == "n/a" and rows["oracle"]["success"] == "1"
    reason = "Not available: `confidence`, `surprisal`, `surprisal_top_m`: policy base gives no log-probabilities"
    assert reason in (folder / "summary.md").read_text()


def test_only_the_report_stage_pays_for_matplotlib() -> None:
    """Importing selection and scoring loads no matplotlib; importing the report does."""
    script = (
        "import sys, kbwf.stages.select_samples, kbwf.stages.score_samples\nassert 'matplotlib' not in sys.modules\n"
    )
    script += "import kbwf.stages.make_report\nassert 'matplotlib' in sys.modules and 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
