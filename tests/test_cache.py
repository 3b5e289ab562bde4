"""`kbwf cache`: info, verify and prune on small stores made by hand."""

import os
import time
from pathlib import Path

import pytest

from kbwf import answer_store, cache, content_store
from kbwf import evaluation_store as store
from kbwf.errors import ConfigError, RecordError
from kbwf.records.base import sha256_of
from kbwf.store import write_record
from tests.builders import make_sample
from tests.test_evaluation_store import CONDITIONS, passed

DAY_S = 86400


def entry(folder: Path, code: str, unused_days: float = 0.0) -> Path:
    """One entry, last used so long ago."""
    conditions = {**CONDITIONS, "code": code}
    store.keep(folder, conditions, passed())
    path = folder / f"{content_store.address(conditions)}.json"
    used_s = time.time() - unused_days * DAY_S
    os.utime(path, (used_s, used_s))
    return path


def test_info_says_how_much_of_what(tmp_path: Path) -> None:
    """Two entries of one judge, one of another, an older one, and what a kill left behind."""
    for code, device_code in (("a", "one"), ("b", "one"), ("c", "two")):
        conditions = {**CONDITIONS, "task": code, "code": device_code}
        store.keep(tmp_path, conditions, passed())
    write_record(tmp_path / f"{'0' * 64}.json", passed())
    leftover = tmp_path / f".{'1' * 64}.json.abcdefgh"
    leftover.touch()
    os.utime(leftover, (0, 0))
    lines = cache.info(tmp_path).text.splitlines()
    assert lines[0].startswith(f"{tmp_path}: 4 entries, 0.0 MB")
    assert "      2  cpu: test, torch 2, python 3.11, num_threads 1, judge one" in lines
    assert "      1  cpu: test, torch 2, python 3.11, num_threads 1, judge two" in lines
    assert "      1  older version, without conditions" in lines
    assert lines[-1].startswith("1 files left behind by killed writers")


def test_answers_of_services_are_counted_and_left_alone(tmp_path: Path) -> None:
    """Nothing prunes what was paid for."""
    answer_store.keep(tmp_path, {"seed": 1}, [make_sample(0)])
    assert f"1 chunks of services' answers, 0.0 MB, until {tmp_path}/answers goes" in cache.info(tmp_path).text
    cache.prune(tmp_path, sha256_of, max_mb=0, unused_days=0, is_unusable=True)
    assert answer_store.find(tmp_path, {"seed": 1})[0] == (make_sample(0),)


def test_an_empty_store_is_a_store(tmp_path: Path) -> None:
    """Nothing in it, nothing wrong with it."""
    assert cache.info(tmp_path).text == f"{tmp_path}: 0 entries, 0.0 MB"
    assert cache.verify(tmp_path, sha256_of).is_sound


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(RecordError, match=r"nowhere is no folder; run the workflow, or name the store with --store"):
        cache.info(tmp_path / "nowhere")


def test_verify_finds_every_kind_of_damage(tmp_path: Path) -> None:
    """A sound entry, half of one, one under a wrong name, one of an older version."""
    entry(tmp_path, "sound")
    half, moved = entry(tmp_path, "half"), entry(tmp_path, "moved")
    half.write_text(half.read_text()[:50])
    moved.rename(tmp_path / f"{'a' * 64}.json")
    write_record(tmp_path / f"{'0' * 64}.json", passed())
    found = cache.verify(tmp_path, sha256_of)
    assert not found.is_sound
    assert found.text.startswith(f"{tmp_path}: 4 entries, 3 of them unusable")
    for part in (f"{half}: no JSON", "belong under", "an entry of an older version", "prune --unusable"):
        assert part in found.text
    cache.prune(tmp_path, sha256_of, is_unusable=True)
    assert cache.verify(tmp_path, sha256_of).text == f"{tmp_path}: 1 entries, 0 of them unusable"


def test_verify_knows_a_kernel_that_was_changed(tmp_path: Path) -> None:
    """The digest is taken anew from the source."""
    path = entry(tmp_path, "sound")
    assert cache.verify(tmp_path, sha256_of).is_sound
    found = cache.verify(tmp_path, lambda source: "another")
    assert f"{path}: its kernel is not the one that its digest names" in found.text


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    """Three entries of one size, room for two."""
    old, young, middle = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1), entry(tmp_path, "3", 5)
    size = old.stat().st_size
    dry = cache.prune(tmp_path, sha256_of, max_mb=2.5 * size / 1e6, is_dry_run=True)
    assert "would remove 1 files" in dry.text and old.exists()
    assert "removed 1 files" in cache.prune(tmp_path, sha256_of, max_mb=2.5 * size / 1e6).text
    assert (old.exists(), young.exists(), middle.exists()) == (False, True, True)
    cache.prune(tmp_path, sha256_of, max_mb=0)
    assert not (young.exists() or middle.exists())


def test_what_was_not_used_for_days_goes(tmp_path: Path) -> None:
    """Nine days and one; three are allowed."""
    old, young = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1)
    cache.prune(tmp_path, sha256_of, unused_days=3)
    assert (old.exists(), young.exists()) == (False, True)


def test_ages_are_by_the_file_system_s_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This node's clock is ten days ahead of the server's, or behind: nothing young goes, nothing old stays."""
    for skew_s in (10 * DAY_S, -10 * DAY_S):
        old, young = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1)
        with monkeypatch.context() as context:
            now_s = time.time()
            context.setattr(time, "time", lambda now_s=now_s, skew_s=skew_s: now_s + skew_s)
            cache.prune(tmp_path, sha256_of, unused_days=3)
        assert (old.exists(), young.exists()) == (False, True)


def test_a_write_in_progress_is_left_alone(tmp_path: Path) -> None:
    """Its temporary file is young; an old one has no writer any more. What is no entry is not touched."""
    names = {"young": f".{'1' * 64}.json.abcdefgh", "old": f".{'2' * 64}.json.abcdefgh", "mine": "README.md"}
    for name in names.values():
        (tmp_path / name).touch()
    os.utime(tmp_path / names["old"], (0, 0))
    os.utime(tmp_path / names["mine"], (0, 0))
    cache.prune(tmp_path, sha256_of, max_mb=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([names["young"], names["mine"]])


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's entries in a shared folder."""
    entry(tmp_path, "1")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    found = cache.prune(tmp_path, sha256_of, max_mb=0)
    assert not found.is_sound
    assert "1 could not be removed: they belong to others" in found.text


def test_a_bound_below_zero_is_refused(tmp_path: Path) -> None:
    """A typing error must not empty the store."""
    with pytest.raises(ConfigError, match=r"--max-mb must be at least 0, got -1"):
        cache.prune(tmp_path, sha256_of, max_mb=-1)
