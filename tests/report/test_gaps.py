"""What a study lacks, in the report's own sentences."""

from kbwf.records import ScoredSample
from kbwf.report.gaps import what_is_missing
from tests.builders import make_scored, make_task
from tests.report.studies import Records


def throttled(one: ScoredSample, num_repeated: int, num_kept: int, *reasons: str) -> ScoredSample:
    """The same on a card that something held back."""
    assert one.evaluation.timing is not None
    found = {"num_repeated_blocks": num_repeated, "num_throttled_blocks": num_kept, "held_back_by": reasons}
    timing = one.evaluation.timing.model_copy(update=found)
    return one.model_copy(update={"evaluation": one.evaluation.model_copy(update={"timing": timing})})


def test_blocks_of_a_throttled_card_are_said_with_the_reason() -> None:
    """The power cap alone is no news."""
    scored = [make_scored(idx, 1.5) for idx in range(3)]
    records = Records(scored=scored, tasks=[make_task(1)])
    assert not [line for line in what_is_missing(records.study()) if "throttled" in line]
    records.scored = [
        throttled(scored[0], 0, 0, "power cap"),
        throttled(scored[1], 2, 0, "heat", "power cap"),
        throttled(scored[2], 3, 5, "heat"),
    ]
    assert (
        "The card was throttled (heat) around 10 blocks of 2 kernels: 5 were timed again, 5 count, since it did not"
        " end." in what_is_missing(records.study())
    )
