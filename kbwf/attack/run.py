"""Every entry of the bank through the judge, an honest kernel after each cheat, and what came of it."""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from kbwf.attack.bank import HONEST, Entry, chosen, read_bank
from kbwf.attack.outcome import Outcome, describe, not_judged, outcome_of, summarize
from kbwf.attack.planting import BREACH, VARIABLE, planted
from kbwf.attack.worker import Worker
from kbwf.errors import InfrastructureError, KbwfError, TaskError
from kbwf.records import Evaluation
from kbwf.settings import EvaluationSettings
from kbwf.store import write_text

_TIMEOUT_S = 60.0
_REFERENCE_ITSELF = "class ModelNew(Model):\n    pass\n"


def attack(
    folder: Path,
    device: str,
    mode: str,
    kind: str | None,
    name: str | None,
    secret: str,
    output: Path | None,
    tell: Callable[[str], None],
) -> str:
    """Let the bank try the judge of this machine; returns the table.

    Args:
        secret: a text that is nowhere else; it also stands in this process's environment, under `planting.VARIABLE`.
        tell: is given a line for each entry, when its outcome is known.

    Raises:
        KbwfError: the bank is not as it should be; or a cheat got through, or an honest kernel was refused.
    """
    entries = chosen(read_bank(folder), device, kind, name)
    settings = EvaluationSettings.model_validate({"device": device, "mode": mode, "timeout_s": _TIMEOUT_S})
    with (
        planted(secret),
        tempfile.TemporaryDirectory(prefix="kbwf-attack-") as scratch,
        Worker(Path(scratch), (VARIABLE,)) as worker,
    ):
        outcomes = run_bank(entries, worker, settings, secret, tell)
    if output:
        write_outcomes(output, outcomes)
    if any(outcome.why for outcome in outcomes):
        raise KbwfError(f"not all is well:\n{summarize(outcomes)}")
    return summarize(outcomes)


def run_bank(
    entries: Iterable[Entry], worker: Worker, settings: EvaluationSettings, secret: str, tell: Callable[[str], None]
) -> list[Outcome]:
    """Judge all entries; each outcome is told when it is known.

    Args:
        secret: what lies planted; a cheat whose record or log holds it is through.
    """
    outcomes = []
    for entry in entries:
        outcomes.append(run_entry(entry, worker, settings, secret))
        tell(describe(outcomes[-1]))
    return outcomes


def run_entry(entry: Entry, worker: Worker, settings: EvaluationSettings, secret: str) -> Outcome:
    """Judge one entry: its twin before it, an honest kernel after a cheat."""
    store = worker.new_store() if entry.twin_path else None
    leaked = ""
    try:
        if entry.twin_path:
            worker.evaluate(entry.task_path, entry.twin_path.read_text(encoding="utf-8"), settings, store)
        for _ in range(entry.num_runs):
            evaluation = worker.evaluate(entry.task_path, entry.source, settings, store)
            leaked = leaked or _leak_in(evaluation, worker, secret)
    except TaskError as error:
        return not_judged(entry, str(error), is_blamed=False)
    except InfrastructureError as error:
        return not_judged(entry, str(error), is_blamed=True)
    broken = _probe(entry, worker, settings) if entry.kind != HONEST else ""
    return outcome_of(entry, evaluation, leaked=leaked, broken=broken)


def write_outcomes(path: Path, outcomes: list[Outcome]) -> None:
    """All outcomes and the table, as JSON."""
    listed = [dataclasses.asdict(outcome) for outcome in outcomes]
    write_text(path, json.dumps({"summary": summarize(outcomes).splitlines(), "outcomes": listed}, indent=1) + "\n")


def _leak_in(evaluation: Evaluation, worker: Worker, secret: str) -> str:
    for text, where in ((f"{evaluation.message}\n{evaluation.trace}", "its record"), (worker.log(), "the judge's log")):
        if secret in text:
            return f"the secret is in {where}"
        if BREACH in text:
            return f"what it must not be able to do, by {where}"
    return ""


def _probe(entry: Entry, worker: Worker, settings: EvaluationSettings) -> str:
    """What became of the honest kernel that came next; empty if it passed."""
    source, task_path = _REFERENCE_ITSELF, entry.task_path
    if entry.probe_path:
        source = entry.probe_path.read_text(encoding="utf-8")
    try:
        evaluation = worker.evaluate(task_path, source, settings.model_copy(update={"mode": "fast"}))
    except (InfrastructureError, TaskError) as error:
        return f"the next kernel was not judged: {error}"
    return "" if evaluation.is_correct else f"the next kernel was refused: {evaluation.status.value}"
