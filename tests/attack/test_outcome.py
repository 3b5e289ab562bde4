"""Held or through, and the rate."""

from dataclasses import replace

import pytest

from kbwf.attack.bank import Entry
from kbwf.attack.outcome import Outcome, describe, not_judged, outcome_of, summarize, upper_bound
from kbwf.records import EvalStatus, Evaluation
from tests.attack.entries import make_entry
from tests.builders import make_evaluation, make_timing

CHEAT, HONEST = make_entry(), make_entry(kind="honest", expected=frozenset({EvalStatus.PASSED}))


def passed(low: float) -> Evaluation:
    """An evaluation that passed, with this lower bound of the speedup."""
    return make_evaluation(0, make_timing(low + 0.1, low, low + 0.2))


def failed(status: EvalStatus) -> Evaluation:
    """An evaluation that did not."""
    return make_evaluation(0, None, status)


@pytest.mark.parametrize(
    ("evaluation", "leaked", "broken", "why"),
    [
        (failed(EvalStatus.WRONG_VALUES), "", "", ""),
        (passed(1.05), "", "", ""),
        (passed(1.06), "", "", "faster: 1.16x, at least 1.06x"),
        (failed(EvalStatus.CRASHED), "the secret is in its record", "", "the secret is in its record"),
        (
            failed(EvalStatus.CRASHED),
            "",
            "the next kernel was refused: crashed",
            "the next kernel was refused: crashed",
        ),
    ],
)
def test_a_cheat_is_through_if_it_wins_learns_or_breaks_something(
    evaluation: Evaluation, leaked: str, broken: str, why: str
) -> None:
    """The lower bound of its speedup counts, and what became of the secret and of the next kernel."""
    assert outcome_of(CHEAT, evaluation, leaked=leaked, broken=broken).why == why


def test_a_cheat_with_a_twin_is_through_if_it_takes_the_twin_s_verdict_over() -> None:
    """A reused record that passed; one of its own that passed at the reference's speed is none."""
    entry = replace(CHEAT, twin_path=CHEAT.kernel_path)
    reused = passed(1.0).model_copy(update={"is_reused": True})
    assert outcome_of(entry, reused, leaked="", broken="").why == "took another kernel's verdict over"
    assert outcome_of(entry, passed(1.0), leaked="", broken="").why == ""


def test_an_honest_kernel_is_refused_unless_it_passes() -> None:
    """However fast it is."""
    assert outcome_of(HONEST, passed(3.0), leaked="", broken="").why == ""
    assert outcome_of(HONEST, failed(EvalStatus.FLAGGED), leaked="", broken="").why == "refused: flagged"


def test_a_status_that_the_header_does_not_name_is_a_surprise() -> None:
    """`passed` is none: its speedup decides."""
    assert outcome_of(CHEAT, failed(EvalStatus.WRONG_VALUES), leaked="", broken="").is_expected
    assert outcome_of(CHEAT, passed(1.0), leaked="", broken="").is_expected
    assert not outcome_of(CHEAT, failed(EvalStatus.TIMEOUT), leaked="", broken="").is_expected


def test_a_line_says_the_outcome_and_nothing_that_a_terminal_obeys() -> None:
    """A kernel's message comes from the kernel."""
    outcome = outcome_of(CHEAT, failed(EvalStatus.WRONG_VALUES), leaked="", broken="")
    line = describe(replace(outcome, message="\x1b[2Jpassed\r\n"))
    assert line.startswith("held    keeps ") and line.endswith("?[2Jpassed??")
    assert describe(replace(outcome, why="faster: 9.00x")).startswith("THROUGH keeps ")
    assert describe(replace(outcome, kind="honest", why="refused: flagged")).startswith("REFUSED keeps ")
    assert describe(replace(outcome, kind="honest")).startswith("passed  keeps ")


@pytest.mark.parametrize(
    ("count", "total", "bound"), [(0, 150, 1 - 0.05 ** (1 / 150)), (3, 3, 1.0), (0, 1, 0.95), (1, 2, 0.95**0.5)]
)
def test_the_bound_is_clopper_s_and_pearson_s(count: int, total: int, bound: float) -> None:
    """0 of n: (1 - p)^n = 0.05. 1 of 2: 1 - p^2 = 0.05."""
    assert upper_bound(count, total) == pytest.approx(bound, abs=1e-6)


def test_the_table_counts_by_kind_and_leaves_out_what_cannot_be_judged() -> None:
    """Two cheats through of four, of which one brought the judge down; one honest kernel refused of two."""
    held = outcome_of(CHEAT, failed(EvalStatus.WRONG_VALUES), leaked="", broken="")
    clock = make_entry(kind="clock", is_blind=True)
    honest = outcome_of(HONEST, passed(1.0), leaked="", broken="")
    outcomes: list[Outcome] = [
        held,
        outcome_of(CHEAT, failed(EvalStatus.TIMEOUT), leaked="", broken=""),
        outcome_of(CHEAT, passed(2.0), leaked="", broken=""),
        not_judged(clock, "no answer", is_blamed=True),
        not_judged(clock, "the task cannot be judged", is_blamed=False),
        honest,
        replace(honest, why="refused: flagged"),
    ]
    assert summarize(outcomes).splitlines() == [
        "kind              cheats  through   unexpected status",
        "replay                 3        1                   1",
        "clock                  1        1                   1",
        "written blind          1        1                   1",
        "with the code          3        1                   1",
        "all: 2 of 4 cheats through, 50.0 %, at most 90.2 % (95 %)",
        "honest kernels refused: 1 of 2",
        "not counted, because their task cannot be judged: 1",
    ]


def test_an_entry_keeps_what_the_outcome_needs() -> None:
    """Name, kind and task travel along."""
    outcome = outcome_of(CHEAT, passed(1.0), leaked="", broken="")
    assert isinstance(CHEAT, Entry)
    assert (outcome.name, outcome.kind, outcome.task, outcome.status) == ("keeps", "replay", "scale", "passed")
