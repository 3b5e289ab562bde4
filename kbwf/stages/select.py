"""Select: let a strategy choose one sample per task, and write the chosen kernels as files that a person can run."""

import csv
import io
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from kbwf.config import SelectionBlock, Strategy
from kbwf.errors import RecordError
from kbwf.records import ScoredSample, Selection, Task, Timing
from kbwf.store import read_records, write_text
from kbwf.strategies.best_of_n import best_choice, select

_Origin = tuple[str, str, int]
"""Task, policy, seed."""

_Row = tuple[str, str, float | None, float | None, float | None, str]
"""Task, name, speedup with its bounds, and the file or the reason why there is none."""


def select_all(scored_by_task: list[Path], strategy: Strategy, selection_cfg: SelectionBlock) -> list[Selection]:
    """One selection per task, by ascending task id, for one policy and seed.

    Args:
        scored_by_task: one file of scored samples per task.

    Raises:
        RecordError: a file without samples or of several tasks, a task twice, or files of several policies or seeds.
    """
    selections = []
    for path in scored_by_task:
        try:
            selections.append(
                select(read_records(path, ScoredSample), strategy, selection_cfg.surprisal, selection_cfg.top_m)
            )
        except RecordError as error:
            raise error if str(path) in str(error) else RecordError(f"{path}: {error}") from error
    origins = sorted({(one.policy_id, one.seed) for one in selections})
    if len(origins) > 1:
        raise RecordError(f"a file of selections belongs to one policy and seed, got {origins}; pass those of one")
    repeated = sorted(task for task, count in Counter(one.task_id for one in selections).items() if count > 1)
    if repeated:
        raise RecordError(f"several files of scored samples for {', '.join(repeated)}; pass one per task")
    return sorted(selections, key=lambda one: one.task_id)


def write_best(
    selections_paths: list[Path], scored_paths: list[Path], tasks_paths: list[Path], folder: Path
) -> dict[str, Path]:
    """Write, for each task, the best kernel that one strategy chose under any seed, as a runnable file.

    The folder also gets `index.csv` and `README.md`. It is written beside its place and renamed, so that it is whole or
    not there; a folder of that name is replaced.

    Returns:
        Task id to the kernel's path, for the tasks that have one.

    Raises:
        RecordError: selections of several strategies, or a chosen sample that is not among the scored ones.
    """
    selections = [one for path in selections_paths for one in read_records(path, Selection)]
    strategies = sorted({one.strategy for one in selections})
    if len(strategies) > 1:
        raise RecordError(f"the best kernels are those of one strategy, got selections of {strategies}; pass one's")
    tasks = sorted((one for path in tasks_paths for one in read_records(path, Task)), key=lambda one: one.task_id)
    by_task: dict[str, list[Selection]] = defaultdict(list)
    for selection in selections:
        by_task[selection.task_id].append(selection)
    choices = {task.task_id: best_choice(by_task[task.task_id]) for task in tasks}
    winners, statuses = _read_scored(scored_paths, [choice for choice in choices.values() if choice])

    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        staged.chmod(0o755)
        rows: list[_Row] = []
        names = {}
        for task in tasks:
            choice = choices[task.task_id]
            if choice is None:
                reason = _reason(by_task[task.task_id], statuses[task.task_id])
                rows.append((task.task_id, task.name, None, None, None, reason))
                continue
            name = _file_name(task)
            scored = winners.get((choice.task_id, choice.policy_id, choice.seed))
            if scored is None or scored.evaluation.timing is None:
                raise RecordError(
                    f"{task.task_id}: sample {choice.sample_idx} of policy {choice.policy_id}, seed {choice.seed} was"
                    " selected, but is not among the scored samples as a correct one; run the selection again"
                )
            write_text(staged / name, _kernel_file(task, choice, by_task[task.task_id], scored, name))
            timing = scored.evaluation.timing
            rows.append((task.task_id, task.name, timing.speedup, timing.speedup_low, timing.speedup_high, name))
            names[task.task_id] = name
        write_text(staged / "index.csv", _index_csv(rows))
        write_text(staged / "README.md", _index_markdown(rows, strategies[0] if strategies else "none"))
        _replace_folder(staged, folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return {task_id: folder / name for task_id, name in names.items()}


def _read_scored(
    paths: list[Path], choices: list[Selection]
) -> tuple[dict[_Origin, ScoredSample], dict[str, Counter[str]]]:
    """The chosen samples, and the number of samples by status for each task."""
    wanted = {(one.task_id, one.policy_id, one.seed): one.sample_idx for one in choices}
    winners = {}
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for one in read_records(path, ScoredSample):
            origin = (one.sample.task_id, one.sample.policy_id, one.sample.seed)
            statuses[one.sample.task_id][one.evaluation.status] += 1
            if wanted.get(origin) == one.sample.sample_idx:
                winners[origin] = one
    return winners, statuses


def _reason(selections: list[Selection], statuses: Counter[str]) -> str:
    if not selections:
        return "no selection was made for this task"
    counts = ", ".join(f"{status} {count}" for status, count in sorted(statuses.items(), key=lambda x: (-x[1], x[0])))
    num_samples = sum(one.num_samples for one in selections)
    return f"no correct sample among {num_samples}" + (f" ({counts})" if counts else "")


def _file_name(task: Task) -> str:
    return f"{task.task_id}_{re.sub(r'[^A-Za-z0-9._-]+', '_', task.name)}.py"


def _replace_folder(staged: Path, folder: Path) -> None:
    """Rename; a folder that is in the way is moved aside first, because a rename replaces empty folders only."""
    if folder.exists():
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
        folder.replace(aside)
        staged.replace(folder)
        shutil.rmtree(aside)
    else:
        staged.replace(folder)


def _index_csv(rows: Iterable[_Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("task_id", "name", "speedup", "speedup_low", "speedup_high", "file_or_reason"))
    for task_id, name, *numbers, note in rows:
        writer.writerow((task_id, name, *("n/a" if number is None else f"{number:.6g}" for number in numbers), note))
    return text.getvalue()


def _index_markdown(rows: Iterable[_Row], strategy: str) -> str:
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
        lines.append(f"| {task_id} | {name} | {number} | {note if speedup is None else f'[{note}]({note})'} |")
    return "\n".join(lines) + "\n"


def _kernel_file(task: Task, choice: Selection, selections: list[Selection], scored: ScoredSample, name: str) -> str:
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
        f"task       {task.task_id}, {' '.join(task.name.split())}",
        f"speedup    {_speedup_text(timing)}",
        f"samples    {sum(one.num_correct for one in ours)} correct of {sum(one.num_samples for one in ours)} drawn",
        f"strategy   {choice.strategy}",
        f"policy     {choice.policy_id}, seed {choice.seed}, sample {choice.sample_idx}",
        f"surprisal  {choice.surprisal_nats:.4f} nats ({choice.surprisal} over the response's tokens)",
        f"device     {device}",
        f"run        python {name}    (compares with the reference: outputs, then times)",
    ]
    threads = environment.num_threads if environment else None
    settings = f"DEVICE = {'cpu' if device.startswith('cpu') else 'cuda'!r}\nNUM_THREADS = {threads!r}\n"
    return (
        "".join(f"# {line}".rstrip() + "\n" for line in header)
        + "\n"
        + evaluation.kernel_source.rstrip()
        + "\n\n\n# Not part of the kernel: the task's reference, and the comparison that running this file makes.\n"
        + settings
        + f'REFERENCE_SOURCE = """\\\n{_escaped(task.reference_source)}\n"""\n'
        + _COMPARISON
    )


def _speedup_text(timing: Timing) -> str:
    return (
        f"{timing.speedup:.3f} [{timing.speedup_low:.3f}, {timing.speedup_high:.3f}] at"
        f" {timing.confidence_level:.0%} over {timing.num_blocks} blocks:"
        f" reference {timing.ref_runtime_ms:.4g} ms, kernel {timing.runtime_ms:.4g} ms"
    )


def _escaped(source: str) -> str:
    return source.rstrip("\n").replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


_COMPARISON = """

def _compare_with_reference():
    import statistics
    import time
    import types

    import torch

    if DEVICE == "cuda" and not torch.cuda.is_available():
        raise SystemExit("this kernel was measured on a GPU, and PyTorch finds none here")
    if NUM_THREADS:
        torch.set_num_threads(NUM_THREADS)
    reference = types.ModuleType("reference")
    exec(compile(REFERENCE_SOURCE, "reference.py", "exec"), reference.__dict__)

    def same(value):
        return value.clone() if isinstance(value, torch.Tensor) else value

    def call(model):
        torch.manual_seed(2)
        arguments = [same(value) for value in inputs]
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        output = model(*arguments)
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        return output, (time.perf_counter() - start) * 1000

    torch.manual_seed(0)
    init_inputs = reference.get_init_inputs()
    models = []
    for kind in (reference.Model, ModelNew):
        torch.manual_seed(0)
        models.append(kind(*init_inputs).to(DEVICE))
    torch.manual_seed(1)
    inputs = [x.to(DEVICE) if isinstance(x, torch.Tensor) else x for x in reference.get_inputs()]

    with torch.no_grad():
        (expected, _), (output, _) = call(models[0]), call(models[1])
        is_same = output.shape == expected.shape and torch.allclose(output, expected, atol=1e-4, rtol=1e-4)
        print("outputs agree within 1e-4" if is_same else "outputs DIFFER by more than 1e-4")
        times_ms = []
        end = time.perf_counter() + 5
        while len(times_ms) < 5 or (len(times_ms) < 100 and time.perf_counter() < end):
            times_ms.append([call(model)[1] for model in models])
    ref_runtime_ms, runtime_ms = (statistics.median(one) for one in zip(*times_ms))
    speedup = statistics.median(ref / own for ref, own in times_ms)
    print(f"reference {ref_runtime_ms:.4g} ms, kernel {runtime_ms:.4g} ms, speedup {speedup:.3f}")
    raise SystemExit(0 if is_same else 1)


if __name__ == "__main__":
    _compare_with_reference()
"""
