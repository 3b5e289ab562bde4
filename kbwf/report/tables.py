"""The report's tables: what each row and column means, and how they are computed from records.

Axes: P tasks, S seeds, K samples of a task. The identity control stands beside every number it can stand beside.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, geometric_mean, median
from typing import TypeVar

from kbwf.metrics.fast_p import fast_p, sample_fast_p
from kbwf.metrics.pass_at_k import fast_p_at_k
from kbwf.metrics.statistics import Interval, bootstrap_mean, bootstrap_median, std_over_seeds
from kbwf.records import CONTROL, EvalStatus, Evaluation, Selection, Task
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.strategies.best_of_n import best_choice

Cell = str | float | bool | Interval | None
Row = dict[str, Cell]
R = TypeVar("R", Selection, Evaluation)


@dataclass(frozen=True)
class Column:
    """A column: its name in CSV, its title in Markdown, and the decimals shown there."""

    name: str
    title: str
    digits: int = 2
    is_interval: bool = False
    """In CSV three columns: `name`, `name_low`, `name_high`."""


@dataclass(frozen=True)
class Table:
    """Rows of cells; None is shown as n/a."""

    columns: tuple[Column, ...]
    rows: list[Row]

    def to_csv(self) -> str:
        """CSV with six significant digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        header = []
        for column in self.columns:
            header += [column.name, *(f"{column.name}_{bound}" for bound in ("low", "high") if column.is_interval)]
        writer.writerow(header)
        for row in self.rows:
            cells: list[str] = []
            for column in self.columns:
                cell = row[column.name]
                if isinstance(cell, Interval):
                    cells += [f"{number:.6g}" for number in (cell.value, cell.low, cell.high)]
                else:
                    cells += [_plain(cell, "{:.6g}")] * (3 if column.is_interval else 1)
            writer.writerow(cells)
        return text.getvalue()

    def to_markdown(self) -> str:
        """A Markdown table; an interval is one cell, `value [low, high]`."""
        is_text = [any(isinstance(row[column.name], str) for row in self.rows) for column in self.columns]
        lines = [
            "| " + " | ".join(column.title for column in self.columns) + " |",
            "|" + "|".join("---" if text else "---:" for text in is_text) + "|",
        ]
        for row in self.rows:
            lines.append("| " + " | ".join(_shown(row[column.name], column.digits) for column in self.columns) + " |")
        return "\n".join(lines) + "\n"


def _shown(cell: Cell, digits: int) -> str:
    number = "{:." + str(digits) + "f}"
    if isinstance(cell, Interval):
        return f"{number} [{number}, {number}]".format(cell.value, cell.low, cell.high)
    return _plain(cell, number).replace("|", "\\|")


def _plain(cell: str | float | bool | None, number: str) -> str:
    if cell is None:
        return "n/a"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number.format(cell) if isinstance(cell, float) else str(cell)


def selection_table(selections: Sequence[Selection], strategies: Sequence[str], cfg: ReportSettings) -> Table:
    """One row per policy and strategy: success and its spread, speedup, and what the choice cost.

    Success is fast_1 over tasks and seeds. Mean speedups are over the tasks and seeds that have a choice, so that they
    belong to the easier tasks: read them with the number of choices.
    """
    by_origin: dict[tuple[str, str], list[Selection]] = defaultdict(list)
    for one in selections:
        by_origin[one.policy_id, one.strategy].append(one)
    measures = (
        Column("success", "success", is_interval=True),
        Column("seed_std", "std over seeds"),
        Column("confident_success", "confident success"),
        Column("speedup_geomean", "speedup, geometric mean"),
        Column("speedup_mean", "speedup, mean"),
        Column("correct_frac", "correct samples"),
        Column("num_timings", "timings used per task", digits=1),
    )
    rows = []
    for policy_id in shown_policies(one.policy_id for one in selections):
        for strategy in strategies:
            chosen = by_origin[policy_id, strategy]
            row: Row = {"policy": policy_id, "strategy": strategy}
            row |= {"num_cases": len(chosen), "num_choices": sum(one.num_correct > 0 for one in chosen)}
            numbers = _selection_numbers(chosen, cfg)
            identity = _selection_numbers(by_origin[CONTROL, strategy], cfg)
            for measure in measures:
                row[measure.name] = numbers[measure.name]
                row[f"identity_{measure.name}"] = identity[measure.name]
            rows.append(row)
    columns = [
        Column("policy", "policy"),
        Column("strategy", "strategy"),
        Column("num_cases", "tasks × seeds"),
        Column("num_choices", "with a choice"),
    ]
    for measure in measures:
        columns += [measure, Column(f"identity_{measure.name}", "identity", measure.digits, measure.is_interval)]
    return Table(tuple(columns), rows)


def _selection_numbers(selections: Sequence[Selection], cfg: ReportSettings) -> Row:
    selections = [one for one in selections if not one.unavailable]
    successes_P_S = _by_task_and_seed(selections, fast_p)
    speedups = [one.speedup for one in selections if one.speedup is not None]
    return {
        "success": bootstrap_mean(successes_P_S, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level),
        "seed_std": std_over_seeds(successes_P_S),
        "confident_success": fast_p(selections, confident=True),
        "speedup_geomean": geometric_mean(speedups) if speedups else None,
        "speedup_mean": fmean(speedups) if speedups else None,
        "correct_frac": fmean(one.num_correct / one.num_samples for one in selections) if selections else None,
        "num_timings": fmean(one.num_timings_used for one in selections) if selections else None,
    }


def scaling_table(evaluations: Sequence[Evaluation], cfg: ReportSettings) -> Table:
    """fast_1@k of every policy, k = 1, 2, 4 … K, averaged over tasks and seeds; K is the least number of samples of a
    task and seed. Confident: the lower bound of the speedup's interval exceeds 1."""
    rows: list[Row] = []
    for policy_id in policies_of(one.policy_id for one in evaluations):
        ours = [one for one in evaluations if one.policy_id == policy_id]
        num_samples = min(Counter((one.task_id, one.seed) for one in ours).values())
        for k in _ks(num_samples):
            row: Row = {"policy": policy_id, "k": k}
            for name, confident in (("fast_1_at_k", False), ("confident_fast_1_at_k", True)):
                values_P_S = _by_task_and_seed(ours, partial(fast_p_at_k, k=k, confident=confident))
                row[name] = bootstrap_mean(values_P_S, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
            row["num_tasks"] = len(values_P_S)
            rows.append(row)
    identity = {row["k"]: row for row in rows if row["policy"] == CONTROL}
    names = ("fast_1_at_k", "confident_fast_1_at_k")
    for row in rows:
        row |= {f"identity_{name}": identity[row["k"]][name] if row["k"] in identity else None for name in names}
    return Table(
        (
            Column("policy", "policy"),
            Column("k", "k"),
            Column("num_tasks", "tasks"),
            Column("fast_1_at_k", "fast_1@k", is_interval=True),
            Column("identity_fast_1_at_k", "identity", is_interval=True),
            Column("confident_fast_1_at_k", "confident fast_1@k", is_interval=True),
            Column("identity_confident_fast_1_at_k", "identity", is_interval=True),
        ),
        rows,
    )


def _ks(num_samples: int) -> list[int]:
    """Powers of two up to the number of samples, and that number itself."""
    powers = [2**exponent for exponent in range(num_samples.bit_length())]
    return powers if powers[-1] == num_samples else [*powers, num_samples]


def status_table(evaluations: Sequence[Evaluation]) -> Table:
    """One row per status, for each policy the number and the share of its samples."""
    counts = Counter((one.policy_id, one.status) for one in evaluations)
    totals = Counter(one.policy_id for one in evaluations)
    columns = [Column("status", "status")]
    rows: list[Row] = [{"status": name} for name in (*(status.value for status in EvalStatus), "all")]
    for policy_id in policies_of(totals):
        columns += [Column(policy_id, policy_id), Column(f"{policy_id}_frac", "share", digits=3)]
        for row, status in zip(rows, [*EvalStatus, None], strict=True):
            count = totals[policy_id] if status is None else counts[policy_id, status]
            row |= {policy_id: count, f"{policy_id}_frac": count / totals[policy_id]}
    return Table(tuple(columns), rows)


def task_table(
    tasks: Sequence[Task],
    evaluations: Sequence[Evaluation],
    selections: Sequence[Selection],
    cfg: ReportSettings,
    selection_cfg: SelectionSettings,
) -> Table:
    """One row per task and policy: its best kernel (by `selection.best`) beside what the control measured there."""
    by_origin: dict[tuple[str, str], list[Evaluation]] = defaultdict(list)
    for evaluation in evaluations:
        by_origin[evaluation.task_id, evaluation.policy_id].append(evaluation)
    choices: dict[tuple[str, str], list[Selection]] = defaultdict(list)
    for selection in selections:
        if selection.strategy == selection_cfg.best:
            choices[selection.task_id, selection.policy_id].append(selection)
    rows: list[Row] = []
    for task in sorted(tasks, key=lambda task: task.task_id):
        identity = pooled_speedup(by_origin[task.task_id, CONTROL], cfg)
        for policy_id in shown_policies(one.policy_id for one in evaluations):
            ours = by_origin[task.task_id, policy_id]
            measured = [one for one in ours if not one.is_reused and one.seconds_s]
            rows.append(
                {
                    "task_id": task.task_id,
                    "name": task.name,
                    "policy": policy_id,
                    "num_correct": sum(one.is_correct for one in ours),
                    "num_samples": len(ours),
                    "best_speedup": _speedup_of(best_choice(choices[task.task_id, policy_id])),
                    "identity_speedup": identity,
                    "identity_covers_1": identity.covers(1.0) if identity else None,
                    "seconds_per_sample_s": fmean(sum(one.seconds_s.values()) for one in measured)
                    if measured
                    else None,
                }
            )
    return Table(
        (
            Column("task_id", "task"),
            Column("name", "name"),
            Column("policy", "policy"),
            Column("num_correct", "correct"),
            Column("num_samples", "drawn"),
            Column("best_speedup", "best kernel's speedup", is_interval=True),
            Column("identity_speedup", "identity's speedup", digits=3, is_interval=True),
            Column("identity_covers_1", "identity covers 1.00"),
            Column("seconds_per_sample_s", "s per sample"),
        ),
        rows,
    )


def pooled_speedup(evaluations: Sequence[Evaluation], cfg: ReportSettings) -> Interval | None:
    """Median speedup over one task's correct samples, with the interval of all their blocks clustered by sample."""
    ratios_S_B = [
        [ref / own for ref, own in zip(timing.block_ref_runtime_ms, timing.block_runtime_ms, strict=True)]
        for timing in (one.timing for one in evaluations)
        if timing
    ]
    return bootstrap_median(ratios_S_B, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)


def _speedup_of(choice: Selection | None) -> Interval | None:
    if choice is None or choice.speedup is None or choice.speedup_low is None or choice.speedup_high is None:
        return None
    return Interval(choice.speedup, choice.speedup_low, choice.speedup_high)


def noise_floor_table(evaluations: Sequence[Evaluation]) -> Table:
    """What the pipeline reports where there is nothing to find: the identity control's single measurements."""
    identity = [one for one in evaluations if one.policy_id == CONTROL]
    timings = [one.timing for one in identity if one.timing]
    speedups = [timing.speedup for timing in timings]
    covering = [timing.speedup_low <= 1 <= timing.speedup_high for timing in timings]
    row: Row = {
        "num_samples": len(identity),
        "num_timed": len(timings),
        "faster_frac": sample_fast_p(identity),
        "confidently_faster_frac": sample_fast_p(identity, confident=True),
        "covers_1_frac": fmean(covering) if covering else None,
        "speedup_min": min(speedups, default=None),
        "speedup_median": median(speedups) if speedups else None,
        "speedup_max": max(speedups, default=None),
    }
    return Table(
        (
            Column("num_samples", "identity samples"),
            Column("num_timed", "timed"),
            Column("faster_frac", "speedup > 1", digits=3),
            Column("confidently_faster_frac", "confidently > 1", digits=3),
            Column("covers_1_frac", "interval covers 1", digits=3),
            Column("speedup_min", "min", digits=3),
            Column("speedup_median", "median", digits=3),
            Column("speedup_max", "max", digits=3),
        ),
        [row],
    )


def policies_of(policy_ids: Iterable[str]) -> list[str]:
    """All policies in order, the control last."""
    return sorted(set(policy_ids), key=lambda policy_id: (policy_id == CONTROL, policy_id))


def shown_policies(policy_ids: Iterable[str]) -> list[str]:
    """The policies with rows of their own: the control only if there is no other."""
    policies = policies_of(policy_ids)
    return [policy_id for policy_id in policies if policy_id != CONTROL] or policies


def _by_task_and_seed(records: Sequence[R], value_of: Callable[[list[R]], float | None]) -> list[list[float]]:
    """Shape [P, S]: the value of each task's records under each seed, tasks and seeds in order."""
    by_origin: dict[tuple[str, int], list[R]] = defaultdict(list)
    for one in records:
        by_origin[one.task_id, one.seed].append(one)
    values_by_task: dict[str, list[float]] = defaultdict(list)
    for (task_id, _seed), some in sorted(by_origin.items()):
        value = value_of(some)
        assert value is not None, "k is at most the number of samples, and no group is empty"
        values_by_task[task_id].append(value)
    return list(values_by_task.values())
