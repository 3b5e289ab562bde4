"""Report: tables and figures from records alone, each as CSV, Markdown and, where it is a picture, SVG."""

import logging
from pathlib import Path

from kbwf.metrics.statistics import Interval
from kbwf.records import CONTROL, EvalStatus, Evaluation, ScoredSample, Selection, Task
from kbwf.report.figures import scaling_figure, status_figure
from kbwf.report.tables import (
    Row,
    Table,
    noise_floor_table,
    scaling_table,
    selection_table,
    shown_policies,
    status_table,
    task_table,
)
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.store import read_records, write_text

logger = logging.getLogger(__name__)

_TITLES = {
    "selection": "Selection strategies",
    "scaling": "Success against samples",
    "status": "Samples by status",
    "tasks": "Tasks",
    "noise_floor": "Noise floor",
}
_NOTES = {
    "selection": "Success: share of tasks (mean over seeds) whose selected kernel is correct and has speedup > 1;"
    " confident: the lower bound of its interval is. Speedups are means over the tasks and seeds that have a choice."
    " Identity: the same strategy on the identity control's samples, usually fewer, which is milder on strategies that"
    " look at times. Oracle sees every time: an upper bound, not a method. Random is an expected value. An interval"
    " without width means that every resample agrees, not that the number is certain.",
    "scaling": "fast_1@k: probability that the best of k samples of a task is correct and faster (unbiased estimator),"
    " mean over tasks and seeds, with a bootstrap interval over both.",
    "status": "Every sample is counted once; passed means right outputs in every trial.",
    "tasks": "The best kernel is the one in the folder of best kernels, with the interval of its own measurement. The"
    " identity control's speedup is pooled over its samples, with an interval clustered by sample. Seconds are those of"
    " evaluating one sample that was not reused.",
    "noise_floor": "The identity control is the reference itself, judged like any kernel: its true speedup is 1.",
}


def make_report(
    scored: list[Path],
    selections: list[Path],
    tasks: list[Path],
    report_cfg: ReportSettings,
    selection_cfg: SelectionSettings,
    output_dir: Path,
) -> str:
    """Write selection, scaling, status, tasks and noise_floor (.csv, .md, two of them .svg) and `summary.md`; returns
    a line for the log.

    Args:
        scored: files of scored samples, one per policy, task and seed, the control's among them.
        selections: files of selections, one per policy, strategy and seed, the control's among them.
        tasks: the tasks reported on, also those without any correct sample.

    Raises:
        RecordError: a file is missing or not what it should be.
    """
    # Only evaluations are kept: tokens and responses are most of what is read, and no table needs them.
    evaluations = [one.evaluation for path in scored for one in read_records(path, ScoredSample)]
    chosen = [one for path in selections for one in read_records(path, Selection)]
    task_records = [one for path in tasks for one in read_records(path, Task)]
    logger.info("report on %d samples of %d tasks", len(evaluations), len(task_records))
    tables = {
        "selection": selection_table(chosen, selection_cfg.strategies, report_cfg),
        "scaling": scaling_table(evaluations, report_cfg),
        "status": status_table(evaluations),
        "tasks": task_table(task_records, evaluations, chosen, report_cfg, selection_cfg),
        "noise_floor": noise_floor_table(evaluations),
    }
    figures = {
        "scaling": scaling_figure(tables["scaling"], report_cfg.confidence_level),
        "status": status_figure(tables["status"]),
    }
    sentences = [*_sentences(tables, evaluations, report_cfg), *_unavailable_sentences(chosen)]
    summary = ["# Report\n", " ".join(sentences) + "\n"]
    for name, table in tables.items():
        title = _TITLES[name]
        section = f"{_NOTES[name]}\n\n{table.to_markdown()}"
        write_text(output_dir / f"{name}.csv", table.to_csv())
        write_text(output_dir / f"{name}.md", f"# {title}\n\n{section}")
        if name in figures:
            write_text(output_dir / f"{name}.svg", figures[name])
            section += f"\n![{title}]({name}.svg)\n"
        summary.append(f"## {title}\n\n{section}")
    write_text(output_dir / "summary.md", "\n".join(summary))
    return f"report in {output_dir}"


def _sentences(tables: dict[str, Table], evaluations: list[Evaluation], report_cfg: ReportSettings) -> list[str]:
    """What the numbers say, for the head of the summary."""
    sentences = []
    for policy_id in shown_policies(one.policy_id for one in evaluations):
        ours = [one for one in evaluations if one.policy_id == policy_id]
        num_correct = sum(one.is_correct for one in ours)
        solved = {one.task_id for one in ours if one.is_correct}
        sentences.append(
            f"Policy `{policy_id}`: {num_correct} of {len(ours)} samples are correct, in {len(solved)} of"
            f" {len({row['task_id'] for row in tables['tasks'].rows})} tasks."
        )
        rows = [row for row in tables["selection"].rows if row["policy"] == policy_id]
        if num_correct == 0:
            sentences.append("No task has a correct sample, so that no strategy has anything to choose from.")
        elif rows:
            sentences += _strategy_sentences(rows, report_cfg)
    return [*sentences, *_identity_sentences(tables, evaluations)]


def _unavailable_sentences(selections: list[Selection]) -> list[str]:
    strategies: dict[str, set[str]] = {}
    for one in selections:
        if one.unavailable:
            strategies.setdefault(one.unavailable, set()).add(one.strategy)
    return [
        f"Not available: {', '.join(f'`{name}`' for name in sorted(names))}: {reason}."
        for reason, names in strategies.items()
    ]


def _strategy_sentences(rows: list[Row], report_cfg: ReportSettings) -> list[str]:
    methods = [row for row in rows if row["strategy"] != "oracle" and row["success"] is not None]
    sentences = []
    if methods:
        best = max(methods, key=lambda row: _value(row["success"]))
        equal = [f"`{row['strategy']}`" for row in methods if _value(row["success"]) == _value(best["success"])]
        sentences.append(
            f"Of the strategies that are no upper bound, {' and '.join(equal)} {'does' if len(equal) == 1 else 'do'}"
            f" best: success {_interval(best['success'])} ({report_cfg.confidence_level:.0%} interval over tasks and"
            f" seeds), confidently {_value(best['confident_success']):.2f}."
        )
        if isinstance(best["identity_success"], Interval):
            identity, confident = _value(best["identity_success"]), _value(best["identity_confident_success"])
            verdict = (
                "so that the confident success lies above the control's"
                if _value(best["confident_success"]) > confident
                else "so that this success is not told apart from noise"
            )
            sentences.append(
                f"Choosing by `{best['strategy']}` from the identity control gives {identity:.2f}, confidently"
                f" {confident:.2f}, {verdict}."
            )
    for row in rows:
        if row["strategy"] == "oracle":
            sentences.append(
                f"The oracle, which sees every time, reaches {_interval(row['success'])},"
                f" confidently {_value(row['confident_success']):.2f}."
            )
    return sentences


def _identity_sentences(tables: dict[str, Table], evaluations: list[Evaluation]) -> list[str]:
    identity = [one for one in evaluations if one.policy_id == CONTROL]
    if not identity:
        return ["The identity control was left out, so that no number here can be read against its noise floor."]
    covers = {
        row["task_id"]: row["identity_covers_1"] for row in tables["tasks"].rows if row["identity_covers_1"] is not None
    }
    if not covers:
        failures = sorted({one.status.value for one in identity if one.status != EvalStatus.PASSED})
        return [f"The identity control passed nowhere ({', '.join(failures)}): something is wrong with the judge."]
    noise = tables["noise_floor"].rows[0]
    sentence = (
        f"The identity control's pooled interval covers 1.00 on {sum(map(bool, covers.values()))} of"
        f" {len(covers)} tasks; of its single measurements {_value(noise['faster_frac']):.0%} lie above 1 and"
        f" {_value(noise['confidently_faster_frac']):.0%} do so confidently."
    )
    return [sentence]


def _value(cell: object) -> float:
    if isinstance(cell, Interval):
        return cell.value
    return float(cell) if isinstance(cell, int | float) else 0.0


def _interval(cell: object) -> str:
    if isinstance(cell, Interval):
        return f"{cell.value:.2f} [{cell.low:.2f}, {cell.high:.2f}]"
    return "n/a"
