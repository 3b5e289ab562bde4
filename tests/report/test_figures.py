"""The report's figures."""

from xml.etree import ElementTree

from kbwf.records import EvalStatus
from kbwf.report.figures import _STATUS_LOOKS, scaling_figure, status_figure
from kbwf.report.tables import scaling_table, status_table
from kbwf.settings import ReportSettings
from tests.builders import make_evaluation, make_timing

CFG = ReportSettings(num_resamples=100)
EVALUATIONS = [
    make_evaluation(0, make_timing(2.0)),
    make_evaluation(1, status=EvalStatus.TIMEOUT),
    make_evaluation(0, make_timing(1.0), policy_id="identity"),
]


def text_of(svg: str) -> str:
    """All text in the picture."""
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_the_same_table_gives_the_same_bytes() -> None:
    """No date and no random ids: a figure changes when its numbers do, and only then."""
    table = scaling_table(EVALUATIONS, CFG)
    svg = scaling_figure(table, 0.95)
    assert svg == scaling_figure(table, 0.95)
    assert "<dc:date>" not in svg
    assert svg != scaling_figure(scaling_table(EVALUATIONS[1:], CFG), 0.95)
    assert status_figure(status_table(EVALUATIONS)) == status_figure(status_table(EVALUATIONS))


def test_the_scaling_figure_has_a_line_for_every_policy_and_its_confident_count() -> None:
    """The legend names base and identity, each twice."""
    text = text_of(scaling_figure(scaling_table(EVALUATIONS, CFG), 0.9))
    for label in ("base, confidently", "identity, confidently", "90% intervals", "fast_1@k"):
        assert label in text


def test_the_status_figure_names_the_statuses_that_occur() -> None:
    """Passed and timeout are in the legend, crashed is not."""
    text = text_of(status_figure(status_table(EVALUATIONS)))
    assert "passed" in text and "timeout" in text and "base" in text
    assert "crashed" not in text


def test_every_status_has_a_look_of_its_own() -> None:
    """No two statuses share both colour and hatch."""
    assert set(_STATUS_LOOKS) == set(EvalStatus)
    assert len(set(_STATUS_LOOKS.values())) == len(EvalStatus)


def test_a_figure_of_failures_says_so() -> None:
    """The curve at zero carries a sentence."""
    text = text_of(scaling_figure(scaling_table([make_evaluation(0), make_evaluation(1)], CFG), 0.95))
    assert "no sample is correct and faster" in text


def test_a_figure_of_nothing_says_so() -> None:
    """Without samples both pictures are drawn and say that there are none."""
    assert "no samples" in text_of(scaling_figure(scaling_table([], CFG), 0.95))
    assert "no samples" in text_of(status_figure(status_table([])))
