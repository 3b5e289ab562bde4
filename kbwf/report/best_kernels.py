"""The folder of best kernels: a file for each, with a comparison that runs, and an index."""

import csv
import inspect
import io
from collections.abc import Iterable
from typing import NamedTuple

from kbwf.printable import printable
from kbwf.records import ScoredSample, Selection, Task, Timing
from kbwf.report import best_kernel_comparison
from kbwf.report.table import csv_text, markdown_text


class IndexRow(NamedTuple):
    """A task, its best kernel's speedup with bounds, and the file or the reason why there is none."""

    task_id: str
    name: str
    speedup: float | None
    speedup_low: float | None
    speedup_high: float | None
    note: str


def index_csv(rows: Iterable[IndexRow]) -> str:
    """A line per task."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("task_id", "name", "speedup", "speedup_low", "speedup_high", "file_or_reason"))
    for task_id, name, *numbers, note in rows:
        texts = ("n/a" if number is None else f"{number:.6g}" for number in numbers)
        writer.writerow((task_id, csv_text(name), *texts, note))
    return text.getvalue()


def index_markdown(rows: Iterable[IndexRow], strategy: str) -> str:
    """The folder's README."""
    lines = [
        "# Best kernel of each task",
        "",
        f"Chosen by strategy `{strategy}`; of several seeds, the kernel whose speedup has the highest lower bound.",
        "Speedups are over the reference, with the interval of that one measurement: the best of many noisy numbers",
        "is likely to lie above what a second measurement gives. The files hold code written by a language model;",
        "read before running. Each, run by Python, compares itself with the reference.",
        "",
        "| task | name | speedup | file |",
        "|---|---|---:|---|",
    ]
    for task_id, name, speedup, low, high, note in rows:
        number = "n/a" if speedup is None else f"{speedup:.2f} [{low:.2f}, {high:.2f}]"
        lines.append(
            f"| {task_id} | {markdown_text(name)} | {number} | {note if speedup is None else f'[{note}]({note})'} |"
        )
    return "\n".join(lines) + "\n"


def kernel_file(task: Task, choice: Selection, selections: list[Selection], scored: ScoredSample, name: str) -> str:
    """Header, kernel, and a comparison with the reference under `__main__`."""
    evaluation = scored.evaluation
    timing, environment = evaluation.timing, evaluation.environment
    assert timing is not None, "a correct sample has a timing: the record's rule"
    assert evaluation.kernel_source is not None, "a correct sample has a kernel: the record's rule"
    device = environment.device if environment else "unknown"
    ours = [one for one in selections if one.policy_id == choice.policy_id]
    header = [
        "WARNING: this file holds code written by a language model. Read it before you run it.",
        "",
        f"task       {task.task_id}, {printable(' '.join(task.name.split()))}",
        f"speedup    {_speedup_text(timing)}",
        f"samples    {sum(one.num_correct for one in ours)} correct of {sum(one.num_samples for one in ours)} drawn",
        f"strategy   {choice.strategy}",
        f"policy     {choice.policy_id}, seed {choice.seed}, sample {choice.sample_idx}",
        f"surprisal  {_surprisal_text(choice)}",
        f"device     {device}",
        f"run        python {name}    (compares with the reference: outputs, then times)",
    ]
    threads = environment.num_threads if environment else None
    settings = {
        "device": "cpu" if device.startswith("cpu") else "cuda",
        "num_threads": threads,
        "tolerance": evaluation.official.tolerance if evaluation.official else 1e-4,
        "is_training": evaluation.module_mode == "train",
    }
    arguments = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    return (
        "".join(f"# {line}".rstrip() + "\n" for line in header)
        + "\n"
        + evaluation.kernel_source.rstrip()
        + "\n\n\n# Not part of the kernel: the task's reference, and the comparison that running this file makes.\n"
        + "from typing import Any\n\n"
        + f'REFERENCE_SOURCE = """\\\n{_escaped(task.reference_source)}\n"""\n\n\n'
        + inspect.getsource(best_kernel_comparison.compare_with_reference)
        + '\n\nif __name__ == "__main__":\n'
        + f"    compare_with_reference(ModelNew, REFERENCE_SOURCE, {arguments})\n"
    )


def _surprisal_text(choice: Selection) -> str:
    if choice.surprisal_nats is None:
        return "unknown: the policy gives no log-probabilities"
    return f"{choice.surprisal_nats:.4f} nats ({choice.surprisal} over the response's tokens)"


def _speedup_text(timing: Timing) -> str:
    return (
        f"{timing.speedup:.3f} [{timing.speedup_low:.3f}, {timing.speedup_high:.3f}] at"
        f" {timing.confidence_level:.0%} over {timing.num_blocks} blocks:"
        f" reference {timing.ref_runtime_ms:.4g} ms, kernel {timing.runtime_ms:.4g} ms"
    )


def _escaped(source: str) -> str:
    return source.rstrip("\n").replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
