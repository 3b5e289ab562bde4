"""What an analysis says: kill rates in words and tables, every survivor by name; and all of it as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from kbwf.mutants import RULES
from kbwf.oracle.results import Examined, TaskResult

_SHOWN_SURVIVORS = 60


def to_markdown(results: Sequence[TaskResult]) -> str:
    """Sentences, a table by task, one by rule, and the survivors."""
    mutants = [each for result in results for each in result.mutants]
    parts = [
        _sentences(results),
        _table(
            ("task", "mutants", "stillborn", "equivalent", "judged", "official", "hardened", "passes officially"),
            (
                (f"{result.task_id} {result.name}", *_cells(result.mutants), ", ".join(result.degenerate))
                for result in results
                if not result.failure
            ),
        ),
        _table(
            ("rule", "what", "mutants", "stillborn", "equivalent", "judged", "official", "hardened"),
            (
                (f"`{rule.name}`", rule.description, *_cells(own))
                for rule in RULES
                if (own := [each for each in mutants if each.rule == rule.name])
            ),
        ),
        _killers(mutants),
        *_survivors(results),
        *(f"Not examined: {result.task_id} {result.name}: {result.failure}" for result in results if result.failure),
    ]
    return "\n\n".join(parts) + "\n"


def _sentences(results: Sequence[TaskResult]) -> str:
    mutants = [each for result in results for each in result.mutants]
    honest = [outcome for result in results for outcome in result.honest]
    fates = Counter(each.outcome.fate for each in mutants)
    judged = fates["killed"] + fates["survived"]
    honest_fates = Counter(outcome.fate for outcome in honest)
    return (
        f"{len(mutants)} mutants of {len(honest)} right kernels and {len(results)} tasks, from"
        f" {len({each.rule for each in mutants})} rules. {fates['stillborn'] + fates['unanswered']} raise, hang or"
        f" return another shape or dtype, which any judge sees; {fates['equivalent']} say the same as the reference in"
        f" float64. Of the other {judged}, KernelBench's rule refuses {_rate(_num_official(mutants), judged)}, the"
        f" hardened rule {_rate(fates['killed'], judged)}. Of the {len(honest)} right kernels it refuses"
        f" {honest_fates['killed'] + honest_fates['stillborn']}, and {honest_fates['unanswered']} give no answer in"
        " time."
    )


def to_json(results: Sequence[TaskResult]) -> str:
    """Every outcome."""
    return json.dumps([asdict(result) for result in results], indent=1) + "\n"


def _survivors(results: Sequence[TaskResult]) -> list[str]:
    rows: dict[tuple[str, ...], None] = {}  # in order, each once
    for result in results:
        for each in result.mutants:
            if each.outcome.fate == "survived":
                official = "refused" if each.outcome.is_killed_officially else "passed"
                rows[result.task_id, f"`{each.rule}`", f"`{each.change[:100]}`", each.outcome.reason, official] = None
    if not rows:
        return ["No mutant survives."]
    table = _table(
        ("task", "rule", "change", "why it survives", "official"), list(rows)[:_SHOWN_SURVIVORS]
    )  # fmt: skip
    rest = len(rows) - _SHOWN_SURVIVORS
    return ["Survivors of the hardened rule:", table, *([f"and {rest} more, in the JSON."] if rest > 0 else [])]


def _killers(mutants: Iterable[Examined]) -> str:
    """Which trials refused what the official trials, under KernelBench's rule, let through."""
    killed_by = Counter(
        each.outcome.killed_by
        for each in mutants
        if each.outcome.fate == "killed" and not each.outcome.is_killed_officially
    )
    counts = ", ".join(f"{count} by `{trial}`" for trial, count in killed_by.most_common())
    return f"Refused by the hardened rule alone, by the first trial that did so: {counts or 'none'}."


def _cells(mutants: Sequence[Examined]) -> tuple[str, ...]:
    fates = Counter(each.outcome.fate for each in mutants)
    judged = fates["killed"] + fates["survived"]
    counts = (len(mutants), fates["stillborn"] + fates["unanswered"], fates["equivalent"], judged)
    return (*map(str, counts), _rate(_num_official(mutants), judged), _rate(fates["killed"], judged))


def _num_official(mutants: Iterable[Examined]) -> int:
    return sum(each.outcome.is_killed_officially for each in mutants if each.outcome.fate in ("killed", "survived"))


def _rate(count: int, total: int) -> str:
    return f"{count} ({count / total:.1%})" if total else "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
