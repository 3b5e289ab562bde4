"""Report: tables and figures from records alone, as files and as one page."""

import logging
from pathlib import Path
from typing import NamedTuple

from kbwf.records import (
    Confirmation,
    PolicyUpdate,
    ProbeScore,
    RunSummary,
    ScoredSample,
    Selection,
    Task,
    Trajectory,
)
from kbwf.report.adaptation_tables import probe_table, regime_table, transfer_table
from kbwf.report.cost_tables import compute_table, seconds_table
from kbwf.report.figures import Figures, figures_of
from kbwf.report.headlines import Headline, headlines
from kbwf.report.page import page
from kbwf.report.published import CONDITIONS
from kbwf.report.ranking_tables import correlation_table, quartile_table, spread_table
from kbwf.report.run_tables import method_table, run_table, trajectory_table
from kbwf.report.sample_tables import noise_floor_table, speedup_table, status_table, task_table
from kbwf.report.scaling_tables import scaling_table
from kbwf.report.selection_tables import selection_table
from kbwf.report.study import Study, frame_of, joined, judged_only
from kbwf.report.surprisal_table import surprisal_table
from kbwf.report.table import Table, markdown_text
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.store import read_record, read_records, write_text

logger = logging.getLogger(__name__)


class Inputs(NamedTuple):
    """Files that a report is made of; those of runs may be left out."""

    scored: list[Path]
    """Of scored samples that strategies chose from, one per policy, task and seed, the control's among them."""
    selections: list[Path]
    """One per policy, strategy and seed, the control's among them."""
    tasks: list[Path]
    """Those reported on, also those without any correct sample."""
    confirmations: list[Path]
    """Of chosen kernels; may be left out."""
    run_scored: list[Path]
    """Rollouts and fresh samples of runs."""
    trajectories: list[Path]
    summaries: list[Path]
    updates: list[Path]
    probes: list[Path]


def make_report(inputs: Inputs, report_cfg: ReportSettings, selection_cfg: SelectionSettings, output_dir: Path) -> str:
    """Write tables (.csv, .md), figures (.svg, .png), `summary.md` and `index.html`; returns a line for the log.

    Raises:
        RecordError: a file is missing or not what it should be.
    """
    study = read_study(inputs, selection_cfg)
    logger.info("report on %d samples of %d tasks", len(study.samples), len(study.tasks))
    tables = tables_of(study, report_cfg, selection_cfg)
    figures = figures_of(study, tables, report_cfg)
    said = headlines(study, tables, report_cfg)
    for name, table in tables.items():
        write_text(output_dir / f"{name}.csv", table.to_csv())
        conditions = f"{CONDITIONS}.\n\n" if table.has_published else ""
        write_text(output_dir / f"{name}.md", f"# {table.title}\n\n{table.note}\n\n{conditions}{table.to_markdown()}")
    for name, figure in figures.items():
        write_text(output_dir / f"{name}.svg", figure.svg)
        (output_dir / f"{name}.png").write_bytes(figure.png)
    write_text(output_dir / "summary.md", summary_text(said, tables, figures))
    write_text(output_dir / "index.html", page(study, tables, figures, said, "Report"))
    return f"report in {output_dir}"


def read_study(inputs: Inputs, selection_cfg: SelectionSettings) -> Study:
    """Read file by file: tokens and responses, which are most of it, are not kept."""
    kind = selection_cfg.surprisal
    frames = [
        frame_of(read_records(path, ScoredSample), kind, is_compared=is_compared)
        for paths, is_compared in ((inputs.scored, True), (inputs.run_scored, False))
        for path in paths
    ]
    tasks = sorted((read_record(path, Task) for path in inputs.tasks), key=lambda task: task.task_id)
    study = Study(
        samples=joined(frames),
        tasks=tuple(tasks),
        confirmations=tuple(read_record(path, Confirmation) for path in inputs.confirmations),
        selections=tuple(one for path in inputs.selections for one in read_records(path, Selection)),
        trajectories=tuple(read_record(path, Trajectory) for path in inputs.trajectories),
        summaries=tuple(read_record(path, RunSummary) for path in inputs.summaries),
        updates=tuple(read_record(path, PolicyUpdate) for path in inputs.updates),
        probes=tuple(one for path in inputs.probes for one in read_records(path, ProbeScore)),
        surprisal=kind,
    )
    return judged_only(study)


def tables_of(study: Study, cfg: ReportSettings, selection_cfg: SelectionSettings) -> dict[str, Table]:
    """All tables by the name of their files, in the order of the summary."""
    return {
        "selection": selection_table(study, cfg, selection_cfg),
        "surprisal": surprisal_table(study, cfg),
        "scaling": scaling_table(study, cfg),
        "correlation": correlation_table(study, cfg),
        "quartiles": quartile_table(study),
        "spread": spread_table(study),
        "status": status_table(study),
        "tasks": task_table(study, cfg, selection_cfg),
        "speedups": speedup_table(study, cfg),
        "noise_floor": noise_floor_table(study),
        "methods": method_table(study, cfg),
        "runs": run_table(study, cfg),
        "trajectories": trajectory_table(study),
        "regimes": regime_table(study, cfg),
        "transfer": transfer_table(study, cfg),
        "probe": probe_table(study, cfg),
        "compute": compute_table(study),
        "seconds": seconds_table(study),
    }


def summary_text(said: list[Headline], tables: dict[str, Table], figures: Figures) -> str:
    """The report as one Markdown file: what the numbers say, then every table with its figure."""
    parts = ["# Report\n", "".join(f"* {markdown_text(one.text)}\n" for one in said), f"{CONDITIONS}.\n"]
    for name, table in tables.items():
        section = f"## {table.title}\n\n{table.note}\n\n{table.to_markdown()}"
        parts.append(
            section
            + "".join(f"\n![{figure.title}]({one}.svg)\n" for one, figure in figures.items() if figure.table == name)
        )
    return "\n".join(parts)
