"""`kbwf cache`: info, verify and prune on small stores made by hand."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from kbwf import answer_store, cache, content_store
from kbwf import evaluation_store as store
from kbwf.errors import ConfigError, RecordError
from kbwf.store import write_record
from tests.builders import make_sample, make_timing
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
    leftover = tmp_path / f".{'1' * 64}.json.0123abcd.part"
    leftover.touch()
    os.utime(leftover, (0, 0))
    lines = cache.info(tmp_path).text.splitlines()
    assert lines[0].startswith(f"{tmp_path}: 4 entries, ")
    assert "      2  cpu: test, torch 2, python 3.11, num_threads 1, judge one" in lines
    assert "      1  cpu: test, torch 2, python 3.11, num_threads 1, judge two" in lines
    assert "      1  older version, without conditions" in lines
    assert lines[-1].startswith("1 files left behind by killed writers")


def test_answers_of_services_are_counted_and_left_alone(tmp_path: Path) -> None:
    """Nothing prunes what was paid for."""
    answer_store.keep(tmp_path, {"seed": 1}, [make_sample(0)])
    assert f", until {tmp_path}/answers goes" in cache.info(tmp_path).text.partition("1 chunks of services' answers")[2]
    cache.prune(tmp_path, max_mb=0, unused_days=0, is_unusable=True)
    assert answer_store.find(tmp_path, {"seed": 1})[0] == (make_sample(0),)


def test_an_empty_store_is_a_store(tmp_path: Path) -> None:
    """Nothing in it, nothing wrong with it."""
    assert cache.info(tmp_path).text == f"{tmp_path}: 0 entries, 0 B"
    assert cache.verify(tmp_path).is_sound


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(
        RecordError, match=r"nowhere is no folder: nothing was measured and kept there yet, or --store must name"
    ):
        cache.info(tmp_path / "nowhere")


def test_verify_finds_every_kind_of_damage(tmp_path: Path) -> None:
    """A sound entry, half of one, one under a wrong name, one of an older version."""
    entry(tmp_path, "sound")
    half, moved = entry(tmp_path, "half"), entry(tmp_path, "moved")
    half.write_text(half.read_text()[:50])
    moved.rename(tmp_path / f"{'a' * 64}.json")
    write_record(tmp_path / f"{'0' * 64}.json", passed())
    found = cache.verify(tmp_path)
    assert not found.is_sound
    assert found.text.startswith(f"{tmp_path}: 4 entries, 3 of them unusable")
    for part in (f"{half}: no JSON", "belong under", "an entry of an older version", "prune --unusable"):
        assert part in found.text
    cache.prune(tmp_path, is_unusable=True)
    assert cache.verify(tmp_path).text == f"{tmp_path}: 1 entries, 0 of them unusable"


def changed(path: Path, **fields: Any) -> None:
    """Give the entry's evaluation other fields, without a look at what they mean."""
    entry = json.loads(path.read_text())
    entry["evaluation"] |= fields
    path.write_text(json.dumps(entry))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kernel_source": "another"}, "its kernel is not the one that its digest names"),
        ({"status": "timeout", "timing": None}, "timeout may go otherwise the next time"),
        ({"mode": "fast"}, "was measured in mode fast, its conditions say otherwise"),
        (
            {"timing": make_timing(2.0, 1.0, 3.0).model_dump() | {"speedup": 2.5}},
            "its blocks do not give a speedup of 2.5",
        ),
        (
            {"timing": make_timing(2.0, 1.0, 3.0).model_dump() | {"runtime_ms": 0.1}},
            "its blocks do not give a speedup of 2",
        ),
        (
            {"timing": make_timing(2.0, 1.0, 3.0).model_dump() | {"ref_runtime_ms": 4}},
            "its blocks do not give a speedup of 2",
        ),
        ({"timing": make_timing(2.0).model_dump() | {"block_runtime_ms": [-1.0]}}, "not a valid StoredEvaluation"),
        ({"timing": make_timing(2.0).model_dump() | {"confidence_level": 5.0}}, "not a valid StoredEvaluation"),
        ({"environment": None}, "was measured on None, its conditions say otherwise"),
    ],
    ids=["kernel", "status", "mode", "speedup", "runtime", "reference", "blocks", "level", "environment"],
)
def test_what_was_changed_is_found_and_never_served(tmp_path: Path, fields: dict[str, Any], problem: str) -> None:
    """Whoever takes an entry holds it against the same."""
    path = entry(tmp_path, "c0de")
    assert cache.verify(tmp_path).is_sound and store.find(tmp_path, CONDITIONS)[0] is not None
    changed(path, **fields)
    found = cache.verify(tmp_path)
    assert not found.is_sound and str(path) in found.text and problem in found.text
    served, remark = store.find(tmp_path, CONDITIONS)
    assert served is None and problem in remark


def test_single_calls_may_save_less_than_the_blocks_say(tmp_path: Path) -> None:
    """The timing says so; more is not believed."""
    path = entry(tmp_path, "c0de")
    timing = make_timing(2.0, 1.0, 3.0).model_dump() | {"is_by_single_calls": True}
    changed(path, timing=timing | {"speedup": 1.5})
    assert cache.verify(tmp_path).is_sound
    changed(path, timing=timing | {"speedup": 2.5})
    assert not cache.verify(tmp_path).is_sound


def odd(folder: Path) -> dict[str, Path]:
    """What somebody may put into a shared folder under an entry's name."""
    names = (
        "a pipe",
        "a folder",
        "a circle of links",
        "a link to nothing",
        "half a letter in the conditions",
        "no mapping",
        "depth",
    )
    paths = {name: folder / f"{number}{'0' * 63}.json" for number, name in enumerate(names)}
    os.mkfifo(paths["a pipe"])
    paths["a folder"].mkdir()
    paths["a circle of links"].symlink_to(paths["a circle of links"].name)
    paths["a link to nothing"].symlink_to("nothing")
    whole = store.StoredEvaluation(conditions={**CONDITIONS, "environment": None}, evaluation=passed()).to_json()
    half, listed = (whole.replace('"environment": null', f'"environment": {text}', 1) for text in ('"\\ud800"', "[1]"))
    paths["half a letter in the conditions"].write_text(half)
    paths["no mapping"].write_text(listed)
    paths["depth"].write_text(whole.replace('"environment": null', f'"environment": {"[" * 500}{"]" * 500}', 1))
    return paths


def test_nothing_that_lies_in_a_shared_folder_stops_anybody(tmp_path: Path) -> None:
    """No waiting for a pipe's writer, no traceback: each is said, none is served, and what can be removed goes."""
    paths = odd(tmp_path)
    sound = entry(tmp_path, "sound")
    found = cache.verify(tmp_path)
    assert found.text.startswith(f"{tmp_path}: 8 entries, 7 of them unusable")
    for name, path in paths.items():
        assert str(path) in found.text, name
        with pytest.raises((RecordError, FileNotFoundError)):
            content_store.read_entry(path, store.StoredEvaluation)
    assert "7  unusable; `kbwf cache verify` says more" in cache.info(tmp_path).text
    pruned = cache.prune(tmp_path, is_unusable=True)
    assert f"{paths['a folder']} could not be removed (Is a directory)" in pruned.text
    assert not pruned.is_sound
    assert sorted(tmp_path.iterdir()) == sorted([paths["a folder"], sound])


def test_a_store_that_may_only_be_read_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the clock of its file system, for which a file would have to be written."""
    entry(tmp_path, "1", 2)

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "NamedTemporaryFile", refuse)
    assert "last used 2.0 days ago" in cache.info(tmp_path).text


def test_a_job_measures_where_its_entry_is_something_else(tmp_path: Path) -> None:
    """The remark goes into its log."""
    path = content_store.path_of(tmp_path, CONDITIONS)
    os.mkfifo(path)
    served, remark = store.find(tmp_path, CONDITIONS)
    assert served is None and "is no entry: no regular file; remove it" in remark
    assert store.keep(tmp_path, CONDITIONS, passed()) == ""  # takes its place
    assert store.find(tmp_path, CONDITIONS)[0] == passed()


def test_what_another_prune_removed_is_not_counted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when this one looked."""
    first, _ = entry(tmp_path, "1"), entry(tmp_path, "2")
    entries = cache._entries

    def and_gone(folder: Path) -> list[cache.Entry]:
        found = list(entries(folder))
        first.unlink()
        return found

    monkeypatch.setattr(cache, "_entries", and_gone)
    found = cache.prune(tmp_path, max_mb=0)
    assert found.is_sound and "removed 1 files" in found.text


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    """Three entries of one size, room for two."""
    old, young, middle = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1), entry(tmp_path, "3", 5)
    size = old.stat().st_size
    dry = cache.prune(tmp_path, max_mb=2.5 * size / 1e6, is_dry_run=True)
    assert "would remove 1 files" in dry.text and old.exists()
    assert "removed 1 files" in cache.prune(tmp_path, max_mb=2.5 * size / 1e6).text
    assert (old.exists(), young.exists(), middle.exists()) == (False, True, True)
    cache.prune(tmp_path, max_mb=0)
    assert not (young.exists() or middle.exists())


def test_what_was_not_used_for_days_goes(tmp_path: Path) -> None:
    """Nine days and one; three are allowed."""
    old, young = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1)
    cache.prune(tmp_path, unused_days=3)
    assert (old.exists(), young.exists()) == (False, True)


def test_ages_are_by_the_file_system_s_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This node's clock is ten days ahead of the server's, or behind: nothing young goes, nothing old stays."""
    for skew_s in (10 * DAY_S, -10 * DAY_S):
        old, young = entry(tmp_path, "1", 9), entry(tmp_path, "2", 1)
        with monkeypatch.context() as context:
            now_s = time.time()
            context.setattr(time, "time", lambda now_s=now_s, skew_s=skew_s: now_s + skew_s)
            cache.prune(tmp_path, unused_days=3)
        assert (old.exists(), young.exists()) == (False, True)


def test_a_write_in_progress_is_left_alone(tmp_path: Path) -> None:
    """Its temporary file is young; an old one has no writer any more. What is no entry is not touched."""
    names = {"young": f".{'1' * 64}.json.0123abcd.part", "old": f".{'2' * 64}.json.0123abcd.part", "mine": "README.md"}
    for name in names.values():
        (tmp_path / name).touch()
    os.utime(tmp_path / names["old"], (0, 0))
    os.utime(tmp_path / names["mine"], (0, 0))
    cache.prune(tmp_path, max_mb=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([names["young"], names["mine"]])


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's entries in a shared folder."""
    entry(tmp_path, "1")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    found = cache.prune(tmp_path, max_mb=0)
    assert not found.is_sound
    assert "could not be removed (Operation not permitted); do it by hand, or have its owner do it" in found.text


@pytest.mark.parametrize("bound", [-1.0, float("nan"), float("inf")])
def test_a_bound_that_cannot_be_is_refused(tmp_path: Path, bound: float) -> None:
    """A typing error must not empty the store."""
    for name in ("max_mb", "unused_days"):
        with pytest.raises(
            ConfigError,
            match=rf"--{name.replace('_', '-')} must be a number from 0 on, and not infinite, got {bound:g}",
        ):
            cache.prune(tmp_path, **{name: bound})
