"""The split of a level into train and eval problems."""

import random
from collections.abc import Sequence

TRAIN_FRAC = 0.8


def split_ids(ids: Sequence[int], split_seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Train and eval ids, each ascending: the sorted unique ids are shuffled, the first 80 % (rounded down) train.

    The order of `random.Random(seed).shuffle` is part of the published split and the same on every platform.
    """
    shuffled = sorted(set(ids))
    random.Random(split_seed).shuffle(shuffled)
    num_train = int(len(shuffled) * TRAIN_FRAC)
    return tuple(sorted(shuffled[:num_train])), tuple(sorted(shuffled[num_train:]))
