"""What the numbers say, in sentences, each with its verdict: is it more than noise and chance give?"""

from collections import Counter
from typing import NamedTuple

import pandas as pd

from kbwf.metrics.decision import LABELS_LEVEL, TASKS_LEVEL
from kbwf.metrics.statistics import Interval, Missing
from kbwf.records import CONTROL
from kbwf.report.gaps import what_is_missing
from kbwf.report.noise import MIN_TASKS, excludes_0, is_more_than_error
from kbwf.report.study import Study
from kbwf.report.surprisal_table import decision_of
from kbwf.report.table import Band, Cell, Row, Table, percent, shown, value_of
from kbwf.settings import ReportSettings


class Headline(NamedTuple):
    """A sentence or two, and whether what they claim lies outside the null band; None if they claim nothing."""

    text: str
    is_outside: bool | None = None


Tables = dict[str, Table]


def headlines(study: Study, tables: Tables, cfg: ReportSettings) -> list[Headline]:
    """For the head of the summary, in the order of the questions a reader has."""
    said = _about_refused(study)
    for policy_id in study.shown_policies:
        ours = study.of_policy(policy_id)
        solved = ours.loc[ours["is_correct"], "task_id"].nunique()
        num_correct = int(ours["is_correct"].sum())
        said.append(
            Headline(
                f"Policy `{policy_id}`: {num_correct} of {len(ours)} samples are correct, in {solved} of"
                f" {len(study.tasks)} tasks."
            )
        )
        if num_correct == 0:
            said.append(Headline("No task has a correct sample, so that no strategy has anything to choose from."))
            continue
        said += _about_confirmations(study, policy_id)
        said += _about_strategies([row for row in tables["selection"].rows if row["policy"] == policy_id], cfg)
        said += _about_scaling([row for row in tables["scaling"].rows if row["policy"] == policy_id])
        said.append(_about_surprisal(policy_id, ours))
    if len(study.tasks) == 1:  # intervals over tasks have no width
        said = [one._replace(is_outside=None) if one.is_outside else one for one in said]
    said += _about_runs(tables)
    about_control = _about_control(study, tables)
    if study.why_no_noise_floor:  # a judge that refuses the reference proves nothing of anybody
        said = [*about_control, *(one._replace(is_outside=None) if one.is_outside else one for one in said)]
        about_control = []
    return [*said, *about_control, *map(Headline, what_is_missing(study))]


def _about_refused(study: Study) -> list[Headline]:
    if not study.refused:
        return []
    num_all = len(study.refused) + len(study.tasks)
    names = ", ".join(task.task_id for task, _ in study.refused)
    return [
        Headline(
            f"{len(study.refused)} of {num_all} tasks cannot be judged on this machine ({names}; the table of tasks"
            " says why). Nothing was drawn for them, and they count nowhere below."
        )
    ]


def _about_confirmations(study: Study, policy_id: str) -> list[Headline]:
    """What is left of the chosen kernels when they are measured again, each kernel once."""
    ours = [one for one in study.confirmations if one.policy_id == policy_id]
    controls = [one.control for one in ours if one.control]
    measured: dict[tuple[str, str], set[str]] = {}
    for one in ours:
        for kernel in one.kernels:
            verdict = kernel.comparison or "wrong or failing now"
            measured.setdefault((one.task_id, kernel.kernel_sha256), set()).add(verdict)
    if not measured:
        return []
    # One that several seeds chose was measured under each: it counts as faster if it is so under every one.
    verdicts = Counter(min(found) if len(found) == 1 else "not alike under every seed" for found in measured.values())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    num_control = sum(control.is_faster for control in controls)
    num_choices = sum(one.policy_id == policy_id and one.sample_idx is not None for one in study.selections)
    return [
        Headline(
            f"Of {len(measured)} kernels in {num_choices} choices of strategies, {verdicts['faster']} are confirmed to"
            f" be faster in fresh processes ({counts}); of {len(controls)} references measured beside them"
            f" {num_control}.",
            is_more_than_error(verdicts["faster"], len(measured), num_control, len(controls)) if controls else None,
        )
    ]


def _about_strategies(rows: list[Row], cfg: ReportSettings) -> list[Headline]:
    said = []
    known = [row for row in rows if row["strategy"] != "oracle" and value_of(row["success"]) is not None]
    if known:
        best = max(known, key=lambda row: value_of(row["success"]) or 0.0)
        equal = [f"`{row['strategy']}`" for row in known if value_of(row["success"]) == value_of(best["success"])]
        whose = "" if len(equal) == 1 else f" The intervals are those of {equal[0]}."
        said.append(
            Headline(
                f"Of the strategies that are no upper bound, {' and '.join(equal)}"
                f" {'does' if len(equal) == 1 else 'do'} best: success {shown(best['success'], 2)}"
                f" ({percent(cfg.confidence_level)} interval over tasks and seeds), confidently"
                f" {shown(best['confident_success'], 2)}.{whose}{_by_permutation(best)}",
                None if best["is_outside"] is None else bool(best["is_outside"]),
            )
        )
        if best["is_above"] is not None:
            verdict = (
                "so that the confident success lies above the control's"
                if best["is_above"]
                else "so that this success is not told apart from noise"
            )
            said.append(
                Headline(
                    f"Choosing by `{best['strategy']}` from the identity control gives"
                    f" {shown(best['identity_success'], 2)}, confidently"
                    f" {shown(best['identity_confident_success'], 2)}, {verdict}.",
                    bool(best["is_above"]),
                )
            )
    for row in rows:
        if row["strategy"] == "oracle" and value_of(row["success"]) is not None:
            said.append(
                Headline(
                    f"The oracle, which sees every time, reaches {shown(row['success'], 2)}, confidently"
                    f" {shown(row['confident_success'], 2)}."
                )
            )
    return said


def _by_permutation(row: Row) -> str:
    if not isinstance(row["chance"], Band):
        return ""
    where = "outside" if row["is_outside"] else "inside"
    chance = shown(row["chance"], 2)
    return f" The rule of `{row['strategy']}` on permuted labels gives {chance}: the success lies {where}."


def _about_scaling(rows: list[Row]) -> list[Headline]:
    compared = [row for row in rows if row["is_above"] is not None]
    if not compared or rows[0]["policy"] == CONTROL:
        return []
    last, largest = compared[-1], rows[-1]
    where = "above" if last["is_above"] else "not above"
    text = (
        f"With {last['k']} samples a task is solved confidently with probability"
        f" {shown(last['confident_fast_1_at_k'], 2)}, the identity control with"
        f" {shown(last['identity_confident_fast_1_at_k'], 2)}: {where} the noise floor."
    )
    if largest["k"] != last["k"]:
        text += f" With {largest['k']}, where the control has no samples: {shown(largest['confident_fast_1_at_k'], 2)}."
    return [Headline(text, bool(last["is_above"]))]


def _about_surprisal(policy_id: str, ours: pd.DataFrame) -> Headline:
    decision = decision_of(ours)
    if isinstance(decision, Missing):
        return Headline(f"Whether surprisal beats confidence for `{policy_id}` cannot be said: {decision.reason}.")
    numbers = (
        f"{decision.surprisal_success:.2f} against {decision.confidence_success:.2f},"
        f" labels p = {decision.labels_p:.3g} (at most {LABELS_LEVEL:g}),"
        f" tasks p = {decision.tasks_p:.3g} (at most {TASKS_LEVEL:g})"
    )
    if decision.is_shown:
        return Headline(f"Surprisal beats confidence: {numbers}; outside what chance gives.", True)
    return Headline(
        f"That surprisal beats confidence is not shown: {numbers}; this lies inside what chance gives.", False
    )


def _about_runs(tables: Tables) -> list[Headline]:
    said = []
    for row in tables["methods"].rows:
        gain = row["fresh_gain"]
        if isinstance(gain, Interval):
            num_tasks = int(value_of(row["num_tasks"]) or 0)
            is_outside = excludes_0(gain, num_tasks)
            verdict = {
                None: "of one task, which says nothing about others"
                if num_tasks == 1
                else f"of {num_tasks} tasks, too few to tell it apart from no gain (that takes {MIN_TASKS})",
                True: "which excludes 0",
                False: "which is not told apart from no gain",
            }[is_outside]
            said.append(
                Headline(
                    f"Run `{row['name']}` ({row['method']}): sample fast_1 {shown(row['fresh_fast_1'], 3)} on fresh"
                    f" samples, a gain of {shown(gain, 3)} over the policy it began with, {verdict};"
                    f" the identity control has {shown(row['identity'], 3)} there.",
                    is_outside,
                )
            )
    chosen = [row for row in tables["runs"].rows if row["is_outside"] is not None]
    by_chance = [f"`{row['run']}`" for row in chosen if not row["is_outside"]]
    if by_chance:
        said.append(
            Headline(
                f"In {len(by_chance)} of {len(chosen)} runs ({', '.join(by_chance)}) the best step lies above step 0 by"
                " no more than choosing among equal steps would give.",
                False,
            )
        )
    for row in tables["probe"].rows:
        if row["excludes_0"]:
            said.append(
                Headline(
                    f"The probe of `{row['run']}` at step {row['step']}: ρ of NLL and speedup changes by"
                    f" {shown(row['rho_change'], 3)}, which excludes 0.",
                    True,
                )
            )
    return said


def _about_control(study: Study, tables: Tables) -> list[Headline]:
    control = study.control
    if study.refused and not study.tasks:  # it was not left out
        return []
    if control.empty:
        return [
            Headline("The identity control was left out, so that no number here can be read against its noise floor.")
        ]
    covers: dict[Cell, bool] = {
        row["task_id"]: bool(row["identity_covers_1"])
        for row in tables["tasks"].rows
        if row["identity_covers_1"] is not None
    }
    if not covers:
        failures = sorted(set(control["status"]))
        return [
            Headline(
                f"The identity control passed nowhere ({', '.join(failures)}): something is wrong with the judge,"
                " so that nothing is called outside."
            )
        ]
    noise = tables["noise_floor"].rows[0]
    silent = [f"`{task.task_id}`" for task in study.tasks if task.task_id not in covers]
    never = f" It never passed on {', '.join(silent)}, where noise is not known." if silent else ""
    return [
        Headline(
            f"The identity control's pooled interval covers 1.00 on {sum(covers.values())} of {len(covers)} tasks; of"
            f" its single measurements {value_of(noise['faster_frac']):.0%} lie above 1 and"
            f" {value_of(noise['confidently_faster_frac']):.0%} do so confidently.{never}"
        )
    ]
