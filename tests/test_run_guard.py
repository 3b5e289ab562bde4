"""What must hold before the first job: one run at a time, results and a store that can be written to."""

import fcntl
import os
from pathlib import Path

import pytest

from kbwf.errors import KbwfError
from kbwf.run_guard import LOCK, lock_results, store_remark


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    """Also where another path leads to the folder."""
    (tmp_path / "link").symlink_to(tmp_path / "results")
    handle = lock_results(tmp_path / "results")
    for name in ("results", "link"):
        with pytest.raises(
            KbwfError, match=r"another Snakemake is at work on .*results; wait for it, or use --directory"
        ):
            lock_results(tmp_path / name)
    os.close(handle)
    os.close(lock_results(tmp_path / "results"))
    assert [path.name for path in (tmp_path / "results").iterdir()] == [LOCK]


def test_results_that_cannot_be_written_to_are_named(tmp_path: Path) -> None:
    """A file in the way."""
    (tmp_path / "results").touch()
    with pytest.raises(KbwfError, match=r"results cannot be written to \(File exists\); free space"):
        lock_results(tmp_path / "results")


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than two runs at once."""

    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(KbwfError, match=r"cannot be locked \(Function not implemented\)"):
        lock_results(tmp_path)


def test_a_store_is_made_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot be one; one of others is reused and said."""
    assert store_remark(tmp_path / "some/store") == ""
    assert (tmp_path / "some/store").is_dir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file/store"):
        with pytest.raises(
            KbwfError, match=r"store\.path: .* cannot be a folder of measurements \((File exists|Not a dir)"
        ):
            store_remark(path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "what is there is reused, what this run measures is not kept" in store_remark(tmp_path)
