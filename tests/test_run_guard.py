"""What must hold before the first job: one run at a time, results and a store that can be written to."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from kbwf.errors import ConfigError, KbwfError
from kbwf.run_guard import LOCK, alone_in, require_writable, store_folder, store_remark


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    """Also where another path leads to the folder."""
    (tmp_path / "link").symlink_to(tmp_path / "results")
    with alone_in(tmp_path / "results") as has_lock:
        assert has_lock
        for name in ("results", "link"):
            with (
                pytest.raises(KbwfError, match=r"another Snakemake is at work on .*results; wait for it"),
                alone_in(tmp_path / name),
            ):
                raise AssertionError
    with alone_in(tmp_path / "results"):
        assert [path.name for path in (tmp_path / "results").iterdir()] == [LOCK]


def test_the_lock_can_be_taken_by_every_user(tmp_path: Path) -> None:
    """A folder may belong to several."""
    with alone_in(tmp_path):
        assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o666


def test_another_user_s_lock_is_taken_by_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its mask left no more; whoever works there holds it against this one too."""
    (tmp_path / LOCK).touch()
    real_open = os.open

    def refuse_to_write(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse_to_write)
    with alone_in(tmp_path), pytest.raises(KbwfError, match="another Snakemake"), alone_in(tmp_path):
        raise AssertionError


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_lock_that_is_none_is_named(tmp_path: Path, kind: str) -> None:
    """Nobody can say whether a run is at work."""
    (tmp_path / LOCK).mkdir() if kind == "folder" else (tmp_path / LOCK).symlink_to(LOCK)
    with pytest.raises(KbwfError, match=r"/\.lock cannot be locked \(.*\); it must be a file"), alone_in(tmp_path):
        raise AssertionError


def test_results_that_cannot_be_written_to_have_no_lock_and_are_named_once_something_is_to_be_done(
    tmp_path: Path,
) -> None:
    """A file in the way; an archive of results may only be read."""
    (tmp_path / "results").touch()
    with alone_in(tmp_path / "results") as has_lock:
        assert not has_lock
    with pytest.raises(KbwfError, match=r"results cannot be written to \(File exists\); free space"):
        require_writable(tmp_path / "results")


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than two runs at once."""

    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(KbwfError, match=r"cannot be locked \(Function not implemented\)"), alone_in(tmp_path):
        raise AssertionError


def test_the_store_s_folder_is_absolute_and_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a user who is there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert store_folder(Path("~/a/../store")) == store_folder(Path("store")) == str(tmp_path / "store")
    with pytest.raises(ConfigError, match=r"store\.path: ~nobody-of-that-name/x names nobody's home folder"):
        store_folder(Path("~nobody-of-that-name/x"))


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
