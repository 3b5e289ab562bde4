"""The published split."""

from kbwf.tasks.splits import split_ids
from tests.builders import PUBLISHED_EVAL_IDS


def test_level_1_with_seed_42_gives_the_published_eval_ids() -> None:
    """The split of the paper: 20 of 100 ids evaluate, 80 train."""
    train_ids, eval_ids = split_ids(range(1, 101), 42)
    assert eval_ids == PUBLISHED_EVAL_IDS
    assert sorted((*train_ids, *eval_ids)) == list(range(1, 101))


def test_split_does_not_depend_on_the_order_or_repetition_of_ids() -> None:
    """Ids are made unique and sorted before they are shuffled."""
    assert split_ids([*range(100, 0, -1), 7, 7], 42) == split_ids(range(1, 101), 42)


def test_train_side_is_80_percent_rounded_down() -> None:
    """Of 16 ids 12 train; of one, none does."""
    assert [len(side) for side in split_ids(range(1, 17), 0)] == [12, 4]
    assert split_ids([3], 0) == ((), (3,))
