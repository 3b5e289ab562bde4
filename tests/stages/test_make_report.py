"""The report as a whole: which files there are, and that they agree."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf.records import EvalStatus
from kbwf.report.headlines import Headline
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import Inputs, make_report, read_study, summary_text
from kbwf.store import write_record, write_records
from tests.builders import make_scored, make_task
from tests.report.studies import Records, small_study

RULE = (Path(__file__).parents[2] / "rules" / "report.smk").read_text()


def names_of(variable: str) -> list[str]:
    """A list of names in the rule file."""
    match = re.search(rf"^{variable} = \[(.*?)\]", RULE, re.MULTILINE | re.DOTALL)
    assert match is not None
    return re.findall(r'"(\w+)"', match[1])


def written(records: Records, folder: Path) -> Inputs:
    """The records as files, a few to each kind."""
    groups: dict[tuple, list] = {}
    for one in records.scored:
        groups.setdefault(tuple(one.sample_set), []).append(one)
    scored = [folder / f"scored{number}.jsonl" for number in range(len(groups))]
    for path, group in zip(scored, groups.values(), strict=True):
        write_records(path, group)
    lists = {
        "selections": records.selections(), "run_scored": records.run_scored, "probes": records.probes,
    }  # fmt: skip
    for name, some in lists.items():
        write_records(folder / f"{name}.jsonl", some)
    paths: dict[str, list[Path]] = {
        "scored": scored,
        "confirmations": [],
        **{name: [folder / f"{name}.jsonl"] for name in lists},
    }
    for name in ("tasks", "trajectories", "summaries", "updates", "confirmations"):
        paths[name] = []
        for number, record in enumerate(getattr(records, name)):
            paths[name].append(folder / f"{name}{number}.json")
            write_record(paths[name][-1], record)
    return Inputs(**paths)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a whole study."""
    folder = tmp_path_factory.mktemp("report")
    inputs = written(small_study(), folder)
    make_report(inputs, ReportSettings(num_resamples=100), SelectionSettings(), folder / "report")
    return folder / "report"


def test_the_report_s_files_are_those_of_its_rule(report: Path) -> None:
    """Tables as CSV and Markdown, figures as SVG and PNG, and two files with everything."""
    files = {f"{name}.{kind}" for name in names_of("TABLES") for kind in ("csv", "md")}
    files |= {f"{name}.{kind}" for name in names_of("FIGURES") for kind in ("svg", "png")}
    assert {path.name for path in report.iterdir()} == files | {"summary.md", "index.html"}


def test_the_summary_begins_with_sentences_and_holds_every_table_and_figure(report: Path) -> None:
    """The published conditions stand above the tables that have the column."""
    summary = (report / "summary.md").read_text()
    head, _, rest = summary.partition("## ")
    assert "34 of 48 samples are correct, in 3 of 3 tasks" in head and "Published: arXiv 2602.07670" in head
    for name in names_of("FIGURES"):
        assert f"({name}.svg)" in rest
    for name in names_of("TABLES"):
        assert (report / f"{name}.md").read_text().split("\n\n")[-1].strip() in rest
    assert "Published: arXiv 2602.07670" in (report / "selection.md").read_text()
    assert "Published: arXiv" not in (report / "status.md").read_text()


def test_a_table_s_csv_has_the_control_the_band_and_the_published_column(report: Path) -> None:
    """For the headline: success of every strategy."""
    rows = {row["strategy"]: row for row in csv.DictReader((report / "selection.csv").open())}
    assert rows["surprisal"]["published"] == "0.8"
    assert float(rows["surprisal"]["chance_low"]) <= float(rows["surprisal"]["chance_high"])
    assert rows["surprisal"]["identity_success"] != "n/a"


def test_a_study_is_read_from_its_files(tmp_path: Path) -> None:
    """Everything arrives; rollouts that strategies chose from too are rows once."""
    records = small_study()
    records.run_scored += records.scored[:4]
    study = read_study(written(records, tmp_path), SelectionSettings())
    assert len(study.samples) == len(records.scored) + len(records.run_scored) - 4
    assert len(study.compared) == len(records.scored)
    assert study.samples.equals(records.study().samples)
    for name in ("tasks", "trajectories", "summaries", "updates", "probes", "confirmations"):
        assert list(getattr(study, name)) == getattr(records, name)


def test_a_task_that_cannot_be_judged_counts_nowhere_but_is_named(tmp_path: Path) -> None:
    """Its samples, which nobody drew, and its selections, which chose nothing, are left out of the study."""
    records = small_study(has_runs=False)
    task = make_task(9)
    refused = [make_scored(idx, None, task_id=task.task_id, status=EvalStatus.TASK_REFUSED) for idx in range(2)]
    for one in refused:
        object.__setattr__(one.evaluation, "message", "it draws at random")
    without = records.study()
    records.tasks.append(task)
    records.scored += refused
    study = read_study(written(records, tmp_path), SelectionSettings())
    assert study.refused == ((task, "it draws at random"),)
    assert study.samples.equals(without.samples)
    assert (study.tasks, len(study.selections)) == (without.tasks, len(without.selections))


def test_what_a_headline_quotes_does_nothing_in_the_summary() -> None:
    """A host may say anything of what its sandbox lacks."""
    text = summary_text([Headline("Without <img src=x> [c](d)\x1b]0;x\n# H.")], {}, {})
    assert r"* Without &lt;img src=x> [c]\(d)\x1b]0;x # H." in text.splitlines()


def test_only_the_report_stage_pays_for_matplotlib() -> None:
    """Importing selection and scoring loads neither matplotlib nor pandas; importing the report does, and no torch."""
    script = (
        "import sys, kbwf.stages.select_samples, kbwf.stages.score_samples\n"
        "assert not {'matplotlib', 'pandas'} & set(sys.modules)\n"
        "import kbwf.stages.make_report\nassert 'matplotlib' in sys.modules and 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
