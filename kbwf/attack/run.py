"""Every entry of the bank through the judge, an honest kernel after each cheat, and what came of it."""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from kbwf.attack.bank import HONEST, Entry, chosen, read_bank
from kbwf.attack.outcome import Outcome, describe, is_faster, not_judged, outcome_of, summarize
from kbwf.attack.planting import BREACH, VARIABLE, planted
from kbwf.attack.worker import Worker
from kbwf.errors import InfrastructureError, KbwfError, TaskError
from kbwf.records import Evaluation
from kbwf.settings import EvaluationSettings
from kbwf.store import write_text

_TIMEOUT_S = 60.0
_NUM_CONFIRMATIONS = 2
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
        output: where to write all outcomes as JSON.
        tell: is given a line for each entry, when its outcome is known.

    Raises:
        KbwfError: the bank is not as it should be; or a cheat got through, or an honest kernel was refused.
    """
    entries = chosen(read_bank(folder), device, kind, name)
    settings = EvaluationSettings.model_validate({"device": device, "mode": mode, "timeout_s": _TIMEOUT_S})
    outcomes = []
    with (
        planted(secret),
        tempfile.TemporaryDirectory(prefix="kbwf-attack-") as scratch,
        Worker(Path(scratch), (VARIABLE,)) as worker,
    ):
        trial = Trial(worker, settings, secret)
        for entry in entries:
            outcomes.append(trial.run(entry))
            tell(describe(outcomes[-1]))
    if output:
        write_outcomes(output, outcomes)
    if any(outcome.why for outcome in outcomes):
        raise KbwfError(f"not all is well:\n{summarize(outcomes)}")
    return summarize(outcomes)


class Trial:
    """Entries against one worker."""

    def __init__(self, worker: Worker, settings: EvaluationSettings, secret: str) -> None:
        """Nothing happens before the first entry.

        Args:
            secret: what lies planted; a cheat whose record, or the log after it, holds it is through.
        """
        self._worker, self._settings, self._secret = worker, settings, secret
        self._passed_before: dict[tuple[Path, Path | None], bool] = {}

    def run(self, entry: Entry) -> Outcome:
        """Judge one entry: its twin before it, an honest kernel after a cheat."""
        store = self._worker.new_store() if entry.twin_path else None
        is_probed = entry.kind != HONEST and self._is_sound(entry)
        leaked = ""
        try:
            if entry.twin_path:
                twin = entry.twin_path.read_text(encoding="utf-8")
                self._worker.evaluate(entry.task_path, twin, self._settings, store)
            for _ in range(entry.num_runs):
                evaluation = self._worker.evaluate(entry.task_path, entry.source, self._settings, store)
                leaked = leaked or self._leak_in(evaluation)
            if entry.kind != HONEST and is_faster(evaluation):
                evaluation = self._confirmed(entry, evaluation)
        except TaskError as error:
            return not_judged(entry, str(error), is_blamed=False)
        except InfrastructureError as error:
            return not_judged(entry, str(error), is_blamed=True)
        broken = self._probe(entry) if is_probed else ""
        return outcome_of(entry, evaluation, leaked=leaked, broken=broken)

    def _confirmed(self, entry: Entry, evaluation: Evaluation) -> Evaluation:
        """A record that says faster, or a later one if all of those agree that it is not.

        No task is calibrated here, so no interval holds what fresh processes differ by. A cheat that pays now and then,
        or is found out now and then, did pay.
        """
        again = [
            self._worker.evaluate(entry.task_path, entry.source, self._settings) for _ in range(_NUM_CONFIRMATIONS)
        ]
        is_noise = all(each.is_correct and not is_faster(each) for each in again)
        return again[-1] if is_noise else evaluation

    def _is_sound(self, entry: Entry) -> bool:
        """Whether the honest kernel that follows passes without a cheat too; if not, it says nothing after one."""
        key = entry.task_path, entry.probe_path
        if key not in self._passed_before:
            self._passed_before[key] = not self._probe(entry)
        return self._passed_before[key]

    def _probe(self, entry: Entry) -> str:
        """What becomes of the honest kernel; empty if it passes."""
        source = entry.probe_path.read_text(encoding="utf-8") if entry.probe_path else _REFERENCE_ITSELF
        try:
            evaluation = self._worker.evaluate(
                entry.task_path, source, self._settings.model_copy(update={"mode": "fast"})
            )
        except (InfrastructureError, TaskError) as error:
            return f"the next kernel was not judged: {error}"
        return "" if evaluation.is_correct else f"the next kernel was refused: {evaluation.status.value}"

    def _leak_in(self, evaluation: Evaluation) -> str:
        record = f"{evaluation.message}\n{evaluation.trace}"
        for text, where in ((record, "its record"), (self._worker.log(), "the judge's log")):
            if self._secret in text:
                return f"the secret is in {where}"
            if BREACH in text:
                return f"what it must not be able to do, by {where}"
        return ""


def write_outcomes(path: Path, outcomes: list[Outcome]) -> None:
    """All outcomes and the table, as JSON."""
    listed = [dataclasses.asdict(outcome) for outcome in outcomes]
    write_text(path, json.dumps({"summary": summarize(outcomes).splitlines(), "outcomes": listed}, indent=1) + "\n")
