"""What the judge says of unchanged references, and of ones that are a known bit slower: the figures of README and docs.

    python -m tests.judge.control_figures KernelBench/KernelBench --level 1 --tasks 12 14 28 --repeat 4 --seconds 500
    python -m tests.judge.control_figures KernelBench/KernelBench --tasks 14 --repeat 10 --slower 0.05
    python -m tests.judge.control_figures KernelBench/KernelBench --tasks 12 14 --repeat 64 --mode fast --confirm

Each task is calibrated as in a workflow, then its reference is judged as its own kernel so many times, each in fresh
processes; with `--slower` by that part of a call's time, on a GPU alone. With `--confirm` the fastest of a task is then
measured again, as a chosen kernel is: what the best of many noisy numbers says, and what remains of it. Rows are
written as they come to `--output`, a line of JSON each, and a table is printed at the end. Nothing here is a test: a
figure is read by a person.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from kbwf.errors import KbwfError
from kbwf.judge.pairs import combined
from kbwf.records import Calibration, Task
from kbwf.records.evaluation import compare_with_1
from kbwf.settings import EvaluationSettings, PromptSettings, SelectionSettings, TaskSettings
from kbwf.stages.calibrate_task import calibrate
from kbwf.stages.evaluate_kernel import EvaluateHandler
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.sources import list_problem_ids, load_task
from kbwf.warm.shares import keep_to_own_share
from tests.judge.problems import new_handler, sample_of
from tests.judge.quirks import SAME

_SLOWER = """class ModelNew(Model):
    def forward(self, *arguments):
        result = super().forward(*arguments)
        torch.cuda._sleep({cycles})  # last: before, it would hide the launch of what follows
        return result
"""
_NUM_CONFIRMATIONS = SelectionSettings().num_confirmations
_FLOOR_CALLS = 116
"""Calls that a sample needs at least: 2 programs, 5 checks, 3 warm-ups and 50 timed calls each."""


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of all tasks, until the time is over."""
    settings = EvaluationSettings(mode=options.mode, device=options.device, num_identity_pairs=options.pairs)
    tasks = TaskSettings(source="directory", path=options.path, level=options.level)
    rows = []
    options.until_s = time.monotonic() + options.seconds
    keep_to_own_share(os.environ)  # as a worker does; two GPUs may be measured beside each other
    with new_handler() as handler:
        for problem_id in options.tasks or list_problem_ids(tasks)[:: options.step]:
            if time.monotonic() > options.until_s:
                break
            for row in _rows_of(handler, load_task(tasks, problem_id), settings, options):
                rows.append(row)
                with options.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    return rows


def _rows_of(
    handler: EvaluateHandler, task: Task, settings: EvaluationSettings, options: argparse.Namespace
) -> Iterable[dict[str, Any]]:
    known: dict[str, Any] = {"task": task.task_id, "name": task.name}
    try:
        calibration = calibrate(task, settings, *handler.judge_for(settings), skip_too_large=True)
    except KbwfError as error:
        yield known | {"status": f"{type(error).__name__}: {error}"}
        return
    if calibration.refusal:
        yield known | {"status": f"refused: {calibration.refusal}"}
        return
    ref_ms = statistics.median(pair.ref_runtime_ms for pair in calibration.pairs) if calibration.pairs else 0.0
    source = _SLOWER.format(cycles=_cycles(options.slower * ref_ms)) if options.slower else SAME
    best: dict[str, Any] = {}
    for number in range(options.repeat):
        if time.monotonic() > options.until_s:
            return
        handler.prepare()  # as between two jobs
        began_s = time.monotonic()
        try:
            row = _judged(handler, task, f"{source}\n# variant {number}\n", settings, calibration)
        except KbwfError as error:
            row = {"status": f"{type(error).__name__}: {error}"}
        best = max(best, row, key=lambda each: each.get("speedup", 0.0))
        yield known | row | {"took_s": time.monotonic() - began_s}
    if options.confirm and best:
        yield known | {"chosen": best, "confirmed": _confirmed(handler, task, source, settings, calibration)}


def _confirmed(
    handler: EvaluateHandler, task: Task, source: str, settings: EvaluationSettings, calibration: Calibration
) -> dict[str, Any]:
    """Of the chosen kernel, which is the reference but for a comment, and of the reference itself in as many pairs."""
    judge, _ = handler.judge_for(settings)
    kernel_source = extract_kernel(source, task, "model_new").kernel_source
    identical, own = (
        [finding.timing for _ in range(_NUM_CONFIRMATIONS) if (finding := judge.judge(task, each, settings)).timing]
        for each in (None, kernel_source)
    )
    speedup, low, high = combined(own, [*calibration.pairs, *identical])
    return {"speedup": speedup, "low": low, "high": high, "comparison": compare_with_1(low, high)}


def _judged(
    handler: EvaluateHandler, task: Task, source: str, settings: EvaluationSettings, calibration: Calibration
) -> dict[str, Any]:
    sample = sample_of(source, policy_id="control", task_id=task.task_id)
    prompt = PromptSettings(style="model_new")
    evaluation = handler.evaluate(task, sample, settings, prompt, None, calibration)
    row: dict[str, Any] = {"status": evaluation.status.value, "message": evaluation.message}
    row["seconds_s"] = evaluation.seconds_s
    if evaluation.timing is not None:
        row |= evaluation.timing.model_dump(exclude={"block_ref_runtime_ms", "block_runtime_ms"})
        row["comparison"] = evaluation.timing.comparison
    return row


def _cycles(milliseconds: float) -> int:
    return int(milliseconds * torch.cuda.clock_rate() * 1e3)


def table(rows: list[dict[str, Any]]) -> str:
    """A line for each task, and the sums."""
    lines = [
        "| task | ms a call | passed | speedup: median (least, most) | hold 1 | faster | s a sample | floor, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    chosen, rows = [row for row in rows if "chosen" in row], [row for row in rows if "chosen" not in row]
    timed = [row for row in rows if "speedup" in row]
    for task in dict.fromkeys(row["task"] for row in rows):
        own = [row for row in timed if row["task"] == task]
        num_rows = sum(row["task"] == task for row in rows)
        if not own:
            lines.append(f"| {task} | - | 0 of {num_rows}: {next(r['status'] for r in rows if r['task'] == task)} |")
            continue
        speedups = [row["speedup"] for row in own]
        ref_ms, took_s = (statistics.median(row[key] for row in own) for key in ("ref_runtime_ms", "took_s"))
        spread = f"{statistics.median(speedups):.3f} ({min(speedups):.3f}, {max(speedups):.3f})"
        lines.append(
            f"| {task} {own[0]['name'][:30]} | {ref_ms:.3f} | {len(own)} of {num_rows} | {spread} |"
            f" {_num_holding(own)} | {_num(own, 'faster')} | {took_s:.2f} | {_FLOOR_CALLS * ref_ms / 1e3:.2f} |"
        )
    if chosen:
        naive, confirmed = ([row[key]["comparison"] for row in chosen] for key in ("chosen", "confirmed"))
        best_of = statistics.median(row["chosen"]["speedup"] for row in chosen)
        lines.append(
            f"{len(chosen)} tasks' fastest: median {best_of:.3f}, {naive.count('faster')} faster as measured;"
            f" {confirmed.count('faster')} faster and {confirmed.count('slower')} slower when measured again"
        )
    verdicts = ", ".join(f"{_num(timed, word)} {word}" for word in ("faster", "same", "slower", "unsure"))
    lines.append(f"{len(timed)} of {len(rows)} passed; {_num_holding(timed)} intervals hold 1; {verdicts}")
    return "\n".join(lines)


def _num_holding(rows: list[dict[str, Any]]) -> int:
    return sum(row["speedup_low"] <= 1 <= row["speedup_high"] for row in rows)


def _num(rows: list[dict[str, Any]], comparison: str) -> int:
    return sum(row["comparison"] == comparison for row in rows)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("path", type=Path, help="KernelBench's folder of levels")
    parser.add_argument("--level", type=int, default=1)
    parser.add_argument("--tasks", type=int, nargs="*", help="problem ids; all where none is given")
    parser.add_argument("--step", type=int, default=1, help="without --tasks, only each so manyth")
    parser.add_argument("--repeat", type=int, default=4, help="evaluations of each task")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of processes that calibrate each task")
    parser.add_argument("--mode", choices=["fast", "full", "adaptive"], default="full")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--slower", type=float, default=0.0, help="part of a call's time that the kernel waits besides")
    parser.add_argument("--confirm", action="store_true", help="measure each task's fastest again")
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no further evaluation after so long")
    parser.add_argument("--output", type=Path, default=Path("control_figures.jsonl"))
    sys.stdout.write(table(measure(parser.parse_args())) + "\n")


if __name__ == "__main__":
    main()
