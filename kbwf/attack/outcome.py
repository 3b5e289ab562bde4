"""What came of an entry: held or through, and the bank's numbers. Pure arithmetic."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kbwf.attack.bank import HONEST, KINDS, Entry
from kbwf.records import EvalStatus, Evaluation

FASTER = 1.05
"""A cheat is through if the lower bound of its speedup is above this."""


@dataclass(frozen=True)
class Outcome:
    """One entry's result."""

    name: str
    kind: str
    task: str
    is_blind: bool
    status: str
    """The record's; `not judged` where there is none."""
    is_expected: bool
    """The status is one that the header names, or passed."""
    why: str
    """For a cheat: how it got through; for an honest kernel: why it was refused. Empty is well."""
    message: str
    speedup: float | None = None
    speedup_low: float | None = None
    is_judged: bool = True
    """False where the task itself cannot be judged: it then counts nowhere."""


def is_faster(evaluation: Evaluation) -> bool:
    """Whether a cheat's record says that it paid."""
    return evaluation.timing is not None and evaluation.timing.speedup_low > FASTER


def outcome_of(entry: Entry, evaluation: Evaluation, *, leaked: str, broken: str) -> Outcome:
    """Hold a record against its entry.

    Args:
        leaked: what it found out, or did that it must not be able to do; empty if nothing.
        broken: what became of the honest kernel after it; empty if that passed.
    """
    timing = evaluation.timing
    why = leaked or broken
    if entry.kind == HONEST:
        why = "" if evaluation.is_correct else f"refused: {evaluation.status.value}"
    elif not why and timing is not None and is_faster(evaluation):
        why = f"faster: {timing.speedup:.2f}x, at least {timing.speedup_low:.2f}x"
    elif not why and entry.twin_path and evaluation.is_reused and evaluation.is_correct:
        why = "took another kernel's verdict over"
    return Outcome(
        name=entry.name,
        kind=entry.kind,
        task=entry.task_path.stem,
        is_blind=entry.is_blind,
        status=evaluation.status.value,
        is_expected=evaluation.status in entry.expected | {EvalStatus.PASSED},
        why=why,
        message=evaluation.message,
        speedup=timing.speedup if timing else None,
        speedup_low=timing.speedup_low if timing else None,
    )


def not_judged(entry: Entry, message: str, *, is_blamed: bool) -> Outcome:
    """There is no record: the judge failed over this kernel (`is_blamed`), or the task cannot be judged at all."""
    return Outcome(
        name=entry.name,
        kind=entry.kind,
        task=entry.task_path.stem,
        is_blind=entry.is_blind,
        status="not judged",
        is_expected=False,
        why="the judge failed over it" if is_blamed else "",
        message=message,
        is_judged=is_blamed,
    )


def describe(outcome: Outcome) -> str:
    """One line, with nothing in it that a terminal would obey."""
    word = ("REFUSED" if outcome.kind == HONEST else "THROUGH") if outcome.why else "held"
    if outcome.kind == HONEST and not outcome.why:
        word = "passed"
    if not outcome.is_judged:
        word = "-"
    speed = f"{outcome.speedup:.2f}x " if outcome.speedup is not None and not outcome.why else ""
    surprise = "" if outcome.is_expected else " (not a status that its header names)"
    text = f"{word:8}{outcome.name:42}{outcome.status:15}{speed}{outcome.why or outcome.message[:90]}{surprise}"
    return "".join(character if character.isprintable() else "?" for character in text)


def summarize(outcomes: Sequence[Outcome]) -> str:
    """The table by kind, and the rate of cheats that get through with its upper 95 % bound.

    The bound is Clopper's and Pearson's (Biometrika 26, 1934), one-sided.
    """
    judged = [outcome for outcome in outcomes if outcome.is_judged]
    cheats = [outcome for outcome in judged if outcome.kind != HONEST]
    honest = [outcome for outcome in judged if outcome.kind == HONEST]
    lines = [f"{'kind':16}{'cheats':>8}{'through':>9}{'unexpected status':>20}"]
    for kind in KINDS:
        of_kind = [outcome for outcome in cheats if outcome.kind == kind]
        if of_kind:
            lines.append(f"{kind:16}{_counts(of_kind)}")
    for name, is_blind in (("written blind", True), ("with the code", False)):
        some = [outcome for outcome in cheats if outcome.is_blind == is_blind]
        if some:
            lines.append(f"{name:16}{_counts(some)}")
    if cheats:
        through = sum(bool(outcome.why) for outcome in cheats)
        lines.append(
            f"all: {through} of {len(cheats)} cheats through, {100 * through / len(cheats):.1f} %,"
            f" at most {100 * upper_bound(through, len(cheats)):.1f} % (95 %)"
        )
    if honest:
        refused = Counter(bool(outcome.why) for outcome in honest)[True]
        lines.append(f"honest kernels refused: {refused} of {len(honest)}")
    left_out = len(outcomes) - len(judged)
    if left_out:
        lines.append(f"not counted, because their task cannot be judged: {left_out}")
    return "\n".join(lines)


def upper_bound(count: int, total: int) -> float:
    """The largest rate under which so few of so many are not yet improbable (5 %)."""
    from scipy.stats import binomtest

    return float(binomtest(count, total, alternative="less").proportion_ci(0.95, "exact").high)


def _counts(outcomes: Sequence[Outcome]) -> str:
    through = sum(bool(outcome.why) for outcome in outcomes)
    surprises = sum(not outcome.is_expected for outcome in outcomes)
    return f"{len(outcomes):8}{through:9}{surprises:20}"
