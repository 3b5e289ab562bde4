"""What can go without touching a result, and what it takes up."""

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kbwf.errors import KbwfError, RecordError
from kbwf.store import TEMPORARY_PREFIX

_LEFTOVER_AGE_S = 3600.0
_LEFTOVER = re.compile(re.escape(TEMPORARY_PREFIX) + r".+\.(json|jsonl|csv|md|svg|py)\.\w{8}")
_STEP = re.compile(r"(?P<run>.+)\.step(?P<step>\d+)")


class Kind(NamedTuple):
    """Paths of one kind."""

    name: str
    reason: str
    paths: list[Path]


def clean(results: Path, *, is_dry_run: bool) -> str:
    """Remove what no result needs; returns a table of what goes, and of what stays, with sizes.

    A step's training state is needed to make the next step: that of a run's newest step stays, earlier ones go.
    All adapters stay, because samples can still be drawn from them.

    Raises:
        RecordError: there is no such folder.
        KbwfError: a workflow is at work there.
    """
    if not results.is_dir():
        raise RecordError(f"{results} is no folder; run from the folder of the study, or name it with --results")
    memory = results.parent / ".snakemake"
    with _alone(memory / "kbwf.lock"):
        kinds = [
            Kind("job logs", "of jobs that are done", [results / "logs"]),
            Kind("Snakemake's logs", "of earlier runs", [memory / "log", memory / "slurm_logs"]),
            Kind("leftovers", "of killed writers", list(_leftovers(results))),
            Kind("training states", "of steps that have a successor", list(_old_states(results / "policies"))),
        ]
        lines, total_bytes = [], 0
        for kind in kinds:
            num_files, num_bytes = _size(kind.paths)
            total_bytes += num_bytes
            lines.append(_row(num_files, num_bytes, f"{kind.name} {kind.reason}"))
            if not is_dry_run:
                _remove(kind.paths)
    stays = [
        _row(*_size([path]), str(path))
        for path in sorted(results.iterdir())
        if path.is_dir() and path.name != "logs" and _size([path])[0]
    ]
    said = "would remove" if is_dry_run else "removed"
    return "\n".join([f"{said} {total_bytes / 1e6:.1f} MB:", *lines, "stays:", *stays])


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Not while a workflow works there; rules/locking.smk takes the same lock."""
    if not lock.exists():
        yield
        return
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KbwfError(f"a Snakemake is at work in {lock.parent.parent.resolve()}; wait for it") from None
        yield


def _leftovers(results: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(results):
        for name in names:
            path = Path(folder, name)
            if _LEFTOVER.fullmatch(name) and path.stat().st_mtime < time.time() - _LEFTOVER_AGE_S:
                yield path


def _old_states(policies: Path) -> Iterator[Path]:
    steps = [match for path in policies.glob("*") if (match := _STEP.fullmatch(path.name))]
    newest = {match["run"]: max(int(each["step"]) for each in steps if each["run"] == match["run"]) for match in steps}
    for match in sorted(steps, key=lambda each: each.string):
        state = policies / match.string / "state"
        if int(match["step"]) < newest[match["run"]] and state.is_dir():
            yield state


def _size(paths: list[Path]) -> tuple[int, int]:
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return len(files), sum(file.stat().st_size for file in files)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _row(num_files: int, num_bytes: int, text: str) -> str:
    return f"{num_files:8d} files {num_bytes / 1e6:10.1f} MB  {text}"
