"""The folder of best kernels: a file for each, with a comparison that runs, and an index."""

import csv
import inspect
import io
from collections.abc import Iterable
from typing import NamedTuple

from kbwf.printable import printable
from kbwf.records import ConfirmedKernel, ScoredSample, Selection, Task, Timing
from kbwf.report import best_kernel_comparison
from kbwf.report.table import csv_text, markdown_text, percent


class IndexRow(NamedTuple):
    """A task and its best kernel, or the reason why there is none."""

    task_id: str
    name: str
    chosen: Timing | None
    """What it was chosen by."""
    confirmed: ConfirmedKernel | None
    """What it measured again; None if it was not."""
    note: str
    """The file, or the reason."""


def index_csv(rows: Iterable[IndexRow]) -> str:
    """A line per task; the confirmed numbers first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"{kind}_speedup{bound}" for kind in ("confirmed", "chosen") for bound in ("", "_low", "_high")]
    writer.writerow(("task_id", "name", "verdict", *names, "shrinkage", "file_or_reason"))
    for row in rows:
        numbers = [*_numbers(row.confirmed), *_numbers(row.chosen), _shrinkage(row)]
        shown = ["n/a" if number is None else f"{number:.6g}" for number in numbers]
        writer.writerow((row.task_id, csv_text(row.name), csv_text(_verdict(row)), *shown, csv_text(row.note)))
    return text.getvalue()


def index_markdown(rows: Iterable[IndexRow], strategy: str, *, is_confirmed: bool) -> str:
    """The folder's README."""
    again = (
        "Confirmed: measured again in fresh pairs of processes that had no part in the choice, with the verdict of\nthe"
        " interval: a kernel counts as faster only then. Chosen by: the number that the strategy saw, which as\n"
        "the best of many noisy numbers is likely to lie above."
        if is_confirmed
        else "None was measured again: the best of many noisy numbers is likely to lie above what a second measurement"
        "\ngives."
    )
    lines = [
        "# Best kernel of each task",
        "",
        f"Chosen by strategy `{strategy}`; of several seeds, the kernel whose speedup has the highest lower bound.",
        "Speedups are over the reference, with their interval.",
        again,
        "The files hold code written by a language model; read before running. Each, run by Python, compares itself",
        "with the reference.",
        "",
        "| task | name | confirmed | verdict | chosen by | shrinkage | file |",
        "|---|---|---:|---|---:|---:|---|",
    ]
    for row in rows:
        shrinkage = _shrinkage(row)
        cells = (
            row.task_id, markdown_text(row.name), _interval(row.confirmed), markdown_text(_verdict(row)),
            _interval(row.chosen), "n/a" if shrinkage is None else f"{shrinkage:.3f}",
            row.note if row.chosen is None else f"[{row.note}]({row.note})",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _numbers(measured: Timing | ConfirmedKernel | None) -> tuple[float | None, float | None, float | None]:
    return (measured.speedup, measured.speedup_low, measured.speedup_high) if measured else (None, None, None)


def _interval(measured: Timing | ConfirmedKernel | None) -> str:
    speedup, low, high = _numbers(measured)
    return "n/a" if speedup is None else f"{speedup:.3f} [{low:.3f}, {high:.3f}]"


def _verdict(row: IndexRow) -> str:
    if row.confirmed is None:
        return "n/a" if row.chosen is None else "not confirmed"
    return row.confirmed.comparison or f"not confirmed: {row.confirmed.failures[0]}"


def _shrinkage(row: IndexRow) -> float | None:
    """By how much the number that a kernel was chosen by exceeds the one it has measured again."""
    again = row.confirmed.speedup if row.confirmed else None
    return row.chosen.speedup / again if row.chosen and again else None


def kernel_file(
    task: Task,
    choice: Selection,
    selections: list[Selection],
    scored: ScoredSample,
    confirmed: ConfirmedKernel | None,
    name: str,
) -> str:
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
        f"confirmed  {printable(_confirmed_text(confirmed))}",
        f"chosen by  {_speedup_text(timing)}",
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
        "may_use_tf32": evaluation.may_use_tf32,
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


def _confirmed_text(confirmed: ConfirmedKernel | None) -> str:
    if confirmed is None:
        return "not measured again"
    if confirmed.comparison is None:
        return f"no: {' '.join(confirmed.failures[0].split())}"
    return f"{confirmed.comparison}: {_interval(confirmed)} over {confirmed.num_pairs} fresh pairs of processes"


def _surprisal_text(choice: Selection) -> str:
    if choice.surprisal_nats is None:
        return "unknown: the policy gives no log-probabilities"
    return f"{choice.surprisal_nats:.4f} nats ({choice.surprisal} over the response's tokens)"


def _speedup_text(timing: Timing) -> str:
    return (
        f"{timing.speedup:.3f} [{timing.speedup_low:.3f}, {timing.speedup_high:.3f}] at"
        f" {percent(timing.confidence_level)} over {timing.num_blocks} blocks:"
        f" reference {timing.ref_runtime_ms:.4g} ms, kernel {timing.runtime_ms:.4g} ms"
    )


def _escaped(source: str) -> str:
    return source.rstrip("\n").replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
