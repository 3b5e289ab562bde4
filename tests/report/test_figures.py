"""The report's figures: what they say, and that they depend on the numbers only."""

from functools import partial
from xml.etree import ElementTree

import pytest

from kbwf.records import EvalStatus
from kbwf.report import sample_figures
from kbwf.report.comparison_figures import draw_scaling
from kbwf.report.figures import Figures, figures_of
from kbwf.report.sample_figures import STATUS_LOOKS, UNLISTED_LOOK, draw_speedups, draw_status, draw_surprisal
from kbwf.report.sample_tables import status_table
from kbwf.report.scaling_tables import scaling_table
from kbwf.report.style import picture
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import tables_of
from tests.builders import make_scored
from tests.report.studies import Records, samples_of, small_study, study_of

CFG = ReportSettings(num_resamples=100)


def drawn(records: Records) -> Figures:
    """All figures of a study."""
    study = records.study()
    return figures_of(study, tables_of(study, CFG, SelectionSettings()), CFG)


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Of a whole study."""
    return drawn(small_study())


def text_of(svg: str) -> str:
    """All text in the picture."""
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_the_same_table_gives_the_same_bytes() -> None:
    """No date and no random ids: a figure changes when its numbers do, and only then."""
    scored = [*samples_of([2.0]), make_scored(1, status=EvalStatus.TIMEOUT)]
    first, again, other = (
        picture("Status", "status", partial(draw_status, table=status_table(study_of(some))))
        for some in (scored, scored, scored[1:])
    )
    assert (first.svg, first.png) == (again.svg, again.png)
    assert "<dc:date>" not in first.svg
    assert first.svg != other.svg
    assert "passed" in text_of(first.svg) and "timeout" in text_of(first.svg) and "crashed" not in text_of(first.svg)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("comparison", ("base: surprisal", "identity control", "published", "run ttt (of samples)")),
        ("selection", ("permuted labels", "oracle", "identity control")),
        ("scaling", ("base, confidently", "identity", "95% intervals", "fast_1@k", "published", "dealt anew")),
        ("surprisal", ("l0_p002", "surprisal, nats")),
        ("speedups", ("l0_p001", "identity", "middle half")),
        ("trajectories", ("all tasks", "chosen", "grey: identity control")),
        ("probe", ("bottom quartile", "published")),
        ("regimes", ("ttt", "gain in sample fast_1", "identity control")),
        ("seconds", ("evaluation: compile", "update")),
    ],
)
def test_each_figure_names_what_it_shows(figures: Figures, name: str, words: tuple[str, ...]) -> None:
    """Labels, and the control or chance beside ours."""
    text = text_of(figures[name].svg)
    assert [word for word in words if word not in text] == []
    assert figures[name].png.startswith(b"\x89PNG")


def test_every_status_has_a_look_of_its_own() -> None:
    """No two statuses share both colour and hatch; one that is not listed is grey, and there is room for one."""
    drawn_as = [STATUS_LOOKS.get(status, UNLISTED_LOOK) for status in EvalStatus]
    assert len(set(drawn_as)) == len(EvalStatus)
    assert UNLISTED_LOOK not in STATUS_LOOKS.values()


def test_figures_of_failures_say_so() -> None:
    """No runs, no correct sample: each picture carries a sentence."""
    figures = drawn(Records(scored=samples_of([None, None])))
    sentences = {
        "scaling": "no sample is correct and faster", "speedups": "no sample is correct",
        "surprisal": "no correct sample has a surprisal", "trajectories": "no adaptation runs",
        "probe": "no adaptation runs", "regimes": "no adaptation runs", "seconds": "where its time went",
    }  # fmt: skip
    assert {name: sentence for name, sentence in sentences.items() if sentence not in text_of(figures[name].svg)} == {}


@pytest.mark.parametrize(("num_tasks", "is_said"), [(2, False), (3, True)])
def test_tasks_without_room_are_said(num_tasks: int, is_said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred tasks, a figure by task shows the first ones and how many there are."""
    monkeypatch.setattr(sample_figures, "_MAX_TASKS", 2)
    study = study_of([one for task in range(1, num_tasks + 1) for one in samples_of([2.0, 3.0], task=task)])
    for draw in (draw_speedups, draw_surprisal):
        text = text_of(picture("By task", "tasks", partial(draw, study=study)).svg)
        assert (f"(the first 2 of {num_tasks} tasks)" in text) == is_said
        assert "l0_p002" in text and "l0_p003" not in text


def test_a_figure_of_nothing_is_drawn_too() -> None:
    """Not a sample was drawn."""
    draw = partial(draw_scaling, table=scaling_table(study_of([]), CFG), confidence_level=0.95)
    assert "no samples" in text_of(picture("Scaling", "scaling", draw).svg)
