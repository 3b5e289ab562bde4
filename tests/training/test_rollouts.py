"""Facts about grouping rollouts."""

import pytest

from kbwf.errors import RecordError
from kbwf.training.rollouts import group_rollouts
from tests.builders import make_scored


def test_rollouts_are_ordered_by_task_and_index_whatever_order_they_come_in() -> None:
    """Two tasks of two, given backwards."""
    scored = [make_scored(index, task_id=task_id) for task_id in ("l0_p002", "l0_p001") for index in (1, 0)]
    grouped = group_rollouts(scored)
    keys = [[(one.sample.task_id, one.sample.sample_idx) for one in group] for group in grouped]
    assert keys == [[("l0_p001", 0), ("l0_p001", 1)], [("l0_p002", 0), ("l0_p002", 1)]]


@pytest.mark.parametrize(
    ("scored", "match"),
    [
        ([], "no samples"),
        ([make_scored(0), make_scored(1, policy_id="ttt.step1")], "one policy and seed"),
        ([make_scored(0), make_scored(1, seed=1)], "one policy and seed"),
        ([make_scored(3), make_scored(3)], r"\('l0_p001', 3\)\] occur twice"),
        ([make_scored(0), make_scored(1), make_scored(0, task_id="l0_p002")], "'l0_p001': 2, 'l0_p002': 1"),
    ],
)
def test_what_is_no_step_is_refused(scored: list, match: str) -> None:
    """Nothing, a mixture of policies or seeds, one sample twice, groups of different size."""
    with pytest.raises(RecordError, match=match):
        group_rollouts(scored)
