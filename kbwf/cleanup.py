"""What can go without touching a result, and what it takes up."""

import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kbwf.errors import KbwfError, RecordError
from kbwf.printable import size_text
from kbwf.run_guard import LOCK
from kbwf.store import UNFINISHED

_LEFTOVER_AGE_S = 3600.0
_STEP = re.compile(r"(?P<run>.+)\.step(?P<step>\d+)")
_NUM_STATES_KEPT = 2


class Kind(NamedTuple):
    """Paths of one kind."""

    name: str
    reason: str
    paths: list[Path]


def clean(results: Path, *, is_dry_run: bool) -> str:
    """Remove what no result needs; returns a table of what goes, and of what stays, with sizes.

    A step's training state is needed to make the next step: those of a run's last two finished steps stay, since the
    newest may have to be made again, earlier ones go. All adapters stay, because samples can still be drawn from them.
    A link stays as it is, and so does what it points to.

    Raises:
        RecordError: there is no such folder, or its lock is none.
        KbwfError: a workflow is at work there; something could not be removed.
    """
    if not results.is_dir():
        raise RecordError(f"{results} is no folder; run from the folder of the study, or name it with --results")
    if not os.path.lexists(results / LOCK):  # it may have logs of its own
        return f"no run has worked in {results.resolve()}: nothing of it is touched; --results names another folder"
    handle = _locked(results)
    try:
        memory = Path(os.path.abspath(results)).parent / ".snakemake"  # beside the link, where results is one
        kinds = [
            Kind("job logs", "of jobs that are done", [results / "logs"]),
            Kind("Snakemake's logs", "of earlier runs", [memory / "log", memory / "slurm_logs"]),
            Kind("leftovers", "of killed writers", list(_leftovers(results))),
            Kind("training states", "of steps before a run's last two", list(_old_states(results / "policies"))),
        ]
        lines, total_bytes = [], 0
        for kind in kinds:
            paths = [path for path in kind.paths if not path.is_symlink()]
            num_files, num_bytes = _size(paths)
            total_bytes += num_bytes
            lines.append(_row(num_files, num_bytes, f"{kind.name} {kind.reason}"))
            if not is_dry_run:
                _remove(paths)
    finally:
        os.close(handle)
    stays = [
        _row(*_size([path]), str(path)) for path in sorted(results.iterdir()) if path.name != "logs" and path.is_dir()
    ]
    said = "would remove" if is_dry_run else "removed"
    return "\n".join([f"{said} {size_text(total_bytes)}:", *lines, "stays:", *stays])


def _locked(results: Path) -> int:
    """Not while a workflow works there; a run takes the same lock (`run_guard.lock_results`), whatever leads to it."""
    try:
        handle = os.open(results / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise RecordError(f"{results / LOCK} cannot be locked ({error.strerror}); remove it") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise KbwfError(f"a Snakemake is at work on {results.resolve()}; wait for it") from None
        raise RecordError(f"{results / LOCK} cannot be locked ({error.strerror})") from error
    return handle


def _leftovers(results: Path) -> Iterator[Path]:
    for path, found in _files(results):
        if UNFINISHED.fullmatch(path.name) and found.st_mtime < time.time() - _LEFTOVER_AGE_S:
            yield path


def _old_states(policies: Path) -> Iterator[Path]:
    """Of finished steps: a step that was killed left its folder too, and needs the state of the one before."""
    steps: dict[str, list[int]] = {}
    for path in policies.glob("*/checkpoint.json"):
        if match := _STEP.fullmatch(path.parent.name):
            steps.setdefault(match["run"], []).append(int(match["step"]))
    for run, finished in sorted(steps.items()):
        for step in sorted(finished)[:-_NUM_STATES_KEPT]:
            state = policies / f"{run}.step{step}" / "state"
            if state.is_dir():
                yield state


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All files below a folder; links are not followed and do not count."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            try:
                found = path.lstat()
            except FileNotFoundError:  # a writer was quicker
                continue
            if stat.S_ISREG(found.st_mode):
                yield path, found


def _size(paths: list[Path]) -> tuple[int, int]:
    sizes = []
    for path in paths:
        if path.is_symlink():
            continue
        found = _files(path) if path.is_dir() else [(path, path.lstat())] if path.exists() else []
        sizes += [each.st_size for _, each in found]
    return len(sizes), sum(sizes)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise KbwfError(
                f"{path} could not be removed ({error.strerror}: {error.filename}); remove it by hand, and run this"
                " again"
            ) from error


def _row(num_files: int, num_bytes: int, text: str) -> str:
    return f"{num_files:8d} files {size_text(num_bytes):>10}  {text}"
