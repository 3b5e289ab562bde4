"""What can go without touching a result, and what it takes up."""

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
from kbwf.run_guard import LOCK, alone_in
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
        RecordError: there is no such folder.
        KbwfError: a workflow is at work there; something cannot be read or removed.
    """
    if not os.path.isdir(results):
        raise RecordError(f"{results} is no folder; run from the folder of the study, or name it with --results")
    try:
        with alone_in(results, creates=False) as has_lock:
            if not has_lock:  # it may have logs of its own
                return f"{results.resolve()} has no lock of a run ({LOCK}): nothing of it is touched"
            return _clean(results, is_dry_run=is_dry_run)
    except OSError as error:
        raise KbwfError(
            f"{error.filename or results} cannot be read or removed ({error.strerror}); do it by hand, or have its"
            " owner do it"
        ) from error


def _clean(results: Path, *, is_dry_run: bool) -> str:
    kinds = [
        Kind("job logs", "of jobs that are done", [results / "logs"]),
        Kind("Snakemake's logs", "of earlier runs", list(_snakemake_s_logs(results))),
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
    stays = [
        _row(*_size([path]), str(path)) for path in sorted(results.iterdir()) if path.name != "logs" and path.is_dir()
    ]
    said = "would remove" if is_dry_run else "removed"
    return "\n".join([f"{said} {size_text(total_bytes)}:", *lines, "stays:", *stays])


def _snakemake_s_logs(results: Path) -> Iterator[Path]:
    """Beside the folder, if it is the one that a run beside it works on: a copy of it is not."""
    study = Path(os.path.abspath(results)).parent
    memory = study / ".snakemake"
    if os.path.realpath(study / "results") == os.path.realpath(results) and not memory.is_symlink():
        yield from (memory / "log", memory / "slurm_logs")


def _leftovers(results: Path) -> Iterator[Path]:
    for path, found in _files(results):
        if UNFINISHED.fullmatch(path.name) and found.st_mtime < time.time() - _LEFTOVER_AGE_S:
            yield path


def _old_states(policies: Path) -> Iterator[Path]:
    """Of finished steps: a step that was killed left its folder too, and needs the state of the one before."""
    steps: dict[str, list[int]] = {}
    if policies.is_symlink():
        return
    for path in policies.glob("*/checkpoint.json"):
        if (match := _STEP.fullmatch(path.parent.name)) and not path.parent.is_symlink():
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
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _row(num_files: int, num_bytes: int, text: str) -> str:
    return f"{num_files:8d} files {size_text(num_bytes):>10}  {text}"
