"""The verbs behind the rules of a study that need neither model nor judge: split, task, score, select, best, report."""

import argparse
from collections.abc import Callable


def add_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them to the command line."""
    split = verb("split", _split, "write the train/eval split of a level")
    split.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    task = verb("task", _task, "freeze one task as a record")
    task.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    task.add_argument("task", help="task id, such as l1_p012")
    score = verb("score", _score, "join samples with their evaluations")
    score.add_argument("--samples", nargs="+", required=True)
    score.add_argument("--evaluations", nargs="+", required=True)
    select = verb("select", _select, "let a strategy choose one sample per task")
    select.add_argument("scored", nargs="+")
    select.add_argument("--strategy", required=True)
    select.add_argument("--selection", default="{}", help="config block selection as JSON")
    best = verb("best", _best, "write the chosen kernels as runnable files")
    report = verb("report", _report, "write tables, figures and summary")
    for command in (best, report):
        command.add_argument("--selections", nargs="+", required=True)
        command.add_argument("--scored", nargs="+", required=True)
        command.add_argument("--tasks", nargs="+", required=True)
        command.add_argument("--confirmations", nargs="*", default=[], help="of the chosen kernels")
    for name in ("--run-scored", "--trajectories", "--summaries", "--updates", "--probes"):
        report.add_argument(name, nargs="*", default=[], help="of the study's runs")
    report.add_argument("--report", default="{}", help="config block report as JSON")
    report.add_argument("--selection", default="{}", help="config block selection as JSON")
    for command in (split, task, score, select, best, report):
        command.add_argument("--output", required=True)


def _split(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import TaskSettings
    from kbwf.stages.make_split import make_split

    return make_split(TaskSettings.model_validate_json(options.tasks), Path(options.output))


def _task(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import TaskSettings
    from kbwf.stages.freeze_task import freeze_task

    return freeze_task(TaskSettings.model_validate_json(options.tasks), options.task, Path(options.output))


def _score(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.score_samples import score_samples

    samples, evaluations = ([Path(path) for path in paths] for paths in (options.samples, options.evaluations))
    return score_samples(samples, evaluations, Path(options.output))


def _select(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import SelectionSettings
    from kbwf.stages.select_samples import select_samples

    settings = SelectionSettings.model_validate_json(options.selection)
    scored = [Path(path) for path in options.scored]
    return select_samples(scored, options.strategy, settings, Path(options.output))


def _best(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.write_best import write_best

    selections, scored, tasks = (
        [Path(path) for path in getattr(options, name)] for name in ("selections", "scored", "tasks")
    )
    confirmations = [Path(path) for path in options.confirmations]
    return write_best(selections, scored, tasks, confirmations, Path(options.output))


def _report(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import ReportSettings, SelectionSettings
    from kbwf.stages.make_report import Inputs, make_report

    inputs = Inputs(**{name: [Path(path) for path in getattr(options, name)] for name in Inputs._fields})
    report = ReportSettings.model_validate_json(options.report)
    selection = SelectionSettings.model_validate_json(options.selection)
    return make_report(inputs, report, selection, Path(options.output))
