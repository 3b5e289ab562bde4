"""One entry after the other: twin before, honest kernel after, and what is found in records and logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbwf.attack.bank import Entry
from kbwf.attack.planting import BREACH
from kbwf.attack.run import Trial, write_outcomes
from kbwf.errors import InfrastructureError, TaskError
from kbwf.records import EvalStatus, Evaluation
from kbwf.settings import EvaluationSettings
from tests.attack.entries import make_entry
from tests.builders import make_evaluation, make_timing

SETTINGS = EvaluationSettings(mode="full", device="cpu")
SECRET = "KBWF-SECRET-0123456789abcdef"
WRONG, PASSED = make_evaluation(0, None, EvalStatus.WRONG_VALUES), make_evaluation(0, make_timing(1.0))
REFERENCE_ITSELF = "class ModelNew(Model):\n    pass\n"


class Scripted:
    """A worker that answers in the order of its script and notes what it was asked."""

    def __init__(self, *answers: Evaluation | Exception, log: str = "") -> None:
        self.answers, self.asked, self._log = list(answers), [], log
        self.asked: list[tuple[str, str, Any]] = []

    def evaluate(self, task_path: Path, source: str, settings: EvaluationSettings, store: Any = None) -> Evaluation:
        """The next answer."""
        self.asked.append((source, settings.mode, store))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def new_store(self) -> Path:
        """A name; nobody writes there."""
        return Path("store")

    def log(self) -> str:
        """What the script says."""
        return self._log


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    """A cheat with a file."""
    path = tmp_path / "keeps.py"
    path.write_text("the cheat")
    return make_entry(kernel_path=path)


def run(entry: Entry, *answers: Evaluation | Exception, log: str = "") -> tuple[str, list[tuple[str, str, Any]]]:
    """Why it is through, and what was asked, the honest kernel before a cheat apart: that passed."""
    before = [] if entry.kind == "honest" else [PASSED]
    worker = Scripted(*before, *answers, log=log)
    outcome = Trial(worker, SETTINGS, SECRET).run(entry)  # type: ignore[arg-type]
    assert worker.answers == []
    return outcome.why, worker.asked[len(before) :]


def test_an_honest_kernel_follows_each_cheat(entry: Entry) -> None:
    """The reference itself, quickly; a cheat is through if that is refused, or cannot be judged any more."""
    assert run(entry, WRONG, PASSED) == ("", [("the cheat", "full", None), (REFERENCE_ITSELF, "fast", None)])
    assert run(entry, WRONG, WRONG)[0] == "the next kernel was refused: wrong_values"
    assert run(entry, WRONG, InfrastructureError("gone"))[0] == "the next kernel was not judged: gone"


def test_an_honest_kernel_that_fails_without_a_cheat_says_nothing_after_one(entry: Entry) -> None:
    """It is tried once for each task before the first cheat; a task's fault is no cheat's."""
    worker = Scripted(WRONG, WRONG, WRONG)
    trial = Trial(worker, SETTINGS, SECRET)  # type: ignore[arg-type]
    assert [trial.run(entry).why, trial.run(entry).why] == ["", ""]
    assert [source for source, _, _ in worker.asked] == [REFERENCE_ITSELF, "the cheat", "the cheat"]


def test_a_header_names_another_kernel_to_follow(entry: Entry, tmp_path: Path) -> None:
    """For caches of compilers the next kernel must compile."""
    (tmp_path / "next.py").write_text("the next")
    entry = make_entry(kernel_path=entry.kernel_path, probe_path=tmp_path / "next.py")
    assert run(entry, WRONG, PASSED)[1][1] == ("the next", "fast", None)


def test_nothing_follows_an_honest_kernel(entry: Entry) -> None:
    """It is the probe itself."""
    honest = make_entry(kernel_path=entry.kernel_path, kind="honest")
    assert run(honest, PASSED) == ("", [("the cheat", "full", None)])
    assert run(honest, WRONG)[0] == "refused: wrong_values"


FASTER = make_evaluation(0, make_timing(1.2))


@pytest.mark.parametrize(
    ("again", "is_through"),
    [
        ((PASSED, PASSED), False), ((FASTER, FASTER), True), ((PASSED, FASTER), True), ((FASTER, PASSED), True),
        ((WRONG, PASSED), True), ((PASSED, WRONG), True),
    ],
)  # fmt: skip
def test_a_cheat_that_seems_faster_is_measured_again(
    entry: Entry, again: tuple[Evaluation, Evaluation], is_through: bool
) -> None:
    """Noise is what two more measurements do not see; what pays, or is found out, now and then is none."""
    why, asked = run(entry, FASTER, *again, PASSED)
    assert bool(why) == is_through
    assert [source for source, _, _ in asked] == ["the cheat"] * 3 + [REFERENCE_ITSELF]


def test_a_twin_goes_before_with_the_same_store(entry: Entry, tmp_path: Path) -> None:
    """And its verdict, if reused, is the cheat's."""
    (tmp_path / "twin.py").write_text("the twin")
    entry = make_entry(kernel_path=entry.kernel_path, twin_path=tmp_path / "twin.py")
    reused = PASSED.model_copy(update={"is_reused": True})
    why, asked = run(entry, PASSED, reused, PASSED)
    assert why == "took another kernel's verdict over"
    assert [(source, store) for source, _, store in asked[:2]] == [
        ("the twin", Path("store")),
        ("the cheat", Path("store")),
    ]


@pytest.mark.parametrize(
    ("message", "trace", "log", "why"),
    [
        (f"found {SECRET}", "", "", "the secret is in its record"),
        ("", f"line\n{SECRET}", "", "the secret is in its record"),
        ("", "", f"12:00 {SECRET}", "the secret is in the judge's log"),
        (f"read it: {BREACH}", "", "", "what it must not be able to do, by its record"),
        ("found KBWF-SECRET-ffffffffffffffff", "", "", ""),
    ],
)
def test_what_it_found_out_is_looked_for_in_record_and_log(
    entry: Entry, message: str, trace: str, log: str, why: str
) -> None:
    """Its message, its last words, and what the judge's process wrote; another secret is none of this run's."""
    evaluation = WRONG.model_copy(update={"message": message, "trace": trace})
    assert run(entry, evaluation, PASSED, log=log)[0] == why


def test_an_entry_may_run_twice_and_its_worst_run_counts(entry: Entry) -> None:
    """What the first leaves, the second may find."""
    entry = make_entry(kernel_path=entry.kernel_path, num_runs=2)
    found = WRONG.model_copy(update={"message": BREACH})
    assert run(entry, WRONG, found, PASSED)[0] == "what it must not be able to do, by its record"
    assert run(entry, found, WRONG, PASSED)[0] == "what it must not be able to do, by its record"


def test_a_failing_judge_is_the_cheat_s_doing_and_a_bad_task_is_not(entry: Entry) -> None:
    """The first is through, the second counts nowhere."""
    assert run(entry, InfrastructureError("gone"))[0] == "the judge failed over it"
    worker = Scripted(PASSED, TaskError("no model"))
    outcome = Trial(worker, SETTINGS, SECRET).run(entry)  # type: ignore[arg-type]
    assert (outcome.why, outcome.is_judged, outcome.message) == ("", False, "no model")


def test_outcomes_are_written_with_the_table(entry: Entry, tmp_path: Path) -> None:
    """As JSON, to be read by whatever counts them further."""
    faster = [make_evaluation(0, make_timing(9.0))] * 3
    trial = Trial(Scripted(PASSED, WRONG, PASSED, *faster, PASSED), SETTINGS, SECRET)  # type: ignore[arg-type]
    write_outcomes(tmp_path / "out.json", [trial.run(entry), trial.run(entry)])
    written = json.loads((tmp_path / "out.json").read_text())
    assert [each["why"] for each in written["outcomes"]] == ["", "faster: 9.00x, at least 9.00x"]
    assert "all: 1 of 2 cheats through, 50.0 %, at most 97.5 % (95 %)" in written["summary"]
