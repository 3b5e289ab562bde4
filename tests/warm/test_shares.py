"""Which cores belong to which GPU."""

import os
from collections.abc import Callable

import pytest

from kbwf.warm import shares
from kbwf.warm.shares import keep_to_own_share, share_of


@pytest.mark.parametrize("first_sibling", [lambda core: core, lambda core: core % 8, lambda core: core // 2 * 2])
@pytest.mark.parametrize("num_shares", [1, 2, 3, 8])
def test_shares_have_no_core_in_common(first_sibling: Callable[[int], int], num_shares: int) -> None:
    """Nor the two threads of one, however they are numbered; together they are all cores, none has many more."""
    shares = [share_of(range(16), number, num_shares, first_sibling) for number in range(num_shares)]
    assert set().union(*shares) == set(range(16)) and sum(map(len, shares)) == 16
    of_cores = [{first_sibling(thread) for thread in share} for share in shares]
    assert sum(map(len, of_cores)) == len(set().union(*of_cores))
    assert max(map(len, of_cores)) - min(map(len, of_cores)) <= 1


def test_fewer_cores_than_shares_are_shared_by_all() -> None:
    """Also where two threads are one core; the kernel's own numbering gives every core to somebody."""
    assert share_of({3, 5}, 1, 4) == {3, 5}
    assert share_of(range(4), 2, 3, lambda core: core // 2) == {0, 1, 2, 3}
    mine = os.sched_getaffinity(0)
    assert set().union(*(share_of(mine, number, 2) for number in range(2))) == mine


def test_a_process_keeps_to_the_share_of_the_gpu_that_it_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two GPUs has the second half of the cores; without a GPU all are its own."""
    kept: list[set[int]] = []
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: kept.append(cores))
    monkeypatch.setattr(shares, "_first_sibling", lambda core: core)
    for position in ((1, 2), (0, 1)):
        monkeypatch.setattr(shares, "position_of", lambda environment, position=position: position)
        keep_to_own_share({})
    assert kept == [{4, 5, 6, 7}, set(range(8))]
