"""Snakemake's logger plugin of this workflow (`--logger kbwf`, set by the profiles): one line that moves.

On a terminal a line is drawn anew; elsewhere one is written once a minute and whenever a stage is complete. Errors and
warnings are shown as they come; everything else is in Snakemake's own log file. A dry run, and whoever asks for more
(`--verbose`, `--printshellcmds`, `--debug-dag`), gets Snakemake's own messages.

Snakemake finds logger plugins by the name of their package, which is why this one stands beside `kbwf`.
"""

import contextlib
import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from kbwf.errors import KbwfError
from kbwf.printable import printable
from kbwf.progress.line import duration, progress_line
from kbwf.progress.state import Job, Progress
from kbwf.store import write_text

PLAIN_INTERVAL_S = 60.0
"""Between two lines where there is no terminal."""
STATUS_INTERVAL_S = 2.0
"""Between two writes of the status file."""
_TICK_S = 1.0
MAX_ERRORS_SHOWN = 10
"""With their logs; all others are in the log file."""

jobs_by_rule: Callable[[], dict[str, int]] | None = None
"""Asked for the run's jobs when a checkpoint has added some, which no event says by rule; the rule files set it."""

# What Snakemake says without an event that a person must see.
_SHOWN = (NOTHING_TO_BE_DONE_MSG[:20], "Complete log", "Shutting down", "Will exit after", "Terminating processes")
_HIDDEN = ("Workflow defines that rule",)  # a warning only by its level: it says which rules --cache knows


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings on the command line and in profiles, as `--logger-kbwf-status-file`."""

    status_file: Optional[str] = field(  # noqa: UP045 -- Snakemake reads this form only
        default=None,
        metadata={"help": "File for the state of the run as JSON, written anew while it runs", "env_var": False},
    )


class LogHandler(LogHandlerBase):
    """Draws `Progress` from Snakemake's events. Snakemake calls it from one thread of its own."""

    def __post_init__(self) -> None:
        common = self.common_settings
        self._is_own = bool(common.dryrun or common.verbose or common.printshellcmds or common.debug_dag)
        self._stream = sys.stdout if common.stdout else sys.stderr
        self._formatter = DefaultFormatter(common.quiet, common.show_failed_logs)
        arguments = (common.quiet, common.debug_dag, common.verbose, common.dryrun, common.printshellcmds)
        self._snakemake = ColorizingTextHandler(
            common.nocolor, self._stream, self._formatter, DefaultFilter(*arguments)
        )
        self._is_terminal = self._snakemake.can_color_tty()
        self._is_quiet = {str(each).rpartition(".")[2].lower() for each in common.quiet or ()} & {"all", "progress"}
        self._progress = Progress()
        self._is_remote = False  # jobs wait in a queue of which we know nothing
        self._num_errors = 0
        self._drawn_s = self._written_s = -float("inf")
        self._is_closed = threading.Event()
        self._has_complained = False
        if not common.dryrun:
            threading.Thread(target=self._tick, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take an event in, and show what is to be shown."""
        try:
            if self.common_settings.dryrun:
                self._snakemake.handle(record)
                return
            is_stage_complete = self._take_in(record)
            self._write_status(record.created, "running")  # also where nobody reads what is shown
            if self._is_own:
                self._snakemake.handle(record)
            elif self._is_for_people(record):
                self._write(record)
            self._draw(record.created, is_stage_complete)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Leave the last state of the run behind."""
        with self.lock or threading.RLock():  # not while the other thread writes an older one
            is_first = not self._is_closed.is_set()
            self._is_closed.set()
            if is_first and self._progress.started_s is not None and not self.common_settings.dryrun:
                is_complete = self._progress.num_done == self._progress.num_jobs
                now_s = time.time()
                self._write_status(now_s, "finished" if is_complete else "stopped", is_forced=True)
                if not (self._is_own or self._is_quiet):
                    took = duration(now_s - self._progress.started_s)
                    self._clear()
                    self._put(f"{progress_line(self._progress, now_s)}  after {took}\n")
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """In place of Snakemake's own messages."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log file stays as it is."""
        return False

    @property
    def has_filter(self) -> bool:
        """Every event is needed, also where a person sees none."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Snakemake's formatter is used for what is shown."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """The job counts say enough."""
        return False

    def _take_in(self, record: logging.LogRecord) -> bool:
        """Whether a stage is complete with this event."""
        event, at_s = getattr(record, "event", None), record.created
        values: dict[str, Any] = record.__dict__
        progress = self._progress
        if event == LogEvent.RESOURCES_INFO:
            self._is_remote |= "nodes" in values
        if event == LogEvent.RESOURCES_INFO and "provided_resources" in values and not self._is_remote:
            progress.num_gpus = _number(values["provided_resources"].get("gpu"))
        elif event == LogEvent.RUN_INFO:
            counts = {rule: int(count) for rule, count in values["stats"].items() if rule != "total"}
            progress.plan(counts, at_s)
        elif event == LogEvent.PROGRESS:
            progress.grow(int(values["total"]))
            if progress.has_unknown_stages and jobs_by_rule is not None:
                with contextlib.suppress(RuntimeError):  # the DAG changed meanwhile: the next event asks again
                    progress.recount(jobs_by_rule())
        elif event == LogEvent.JOB_INFO:
            outputs = values["output"] or [""]
            wildcards = {name: str(value) for name, value in (values["wildcards"] or {}).items()}
            num_gpus = _number(values["resources"].get("gpu")) or 0
            progress.start(values["jobid"], Job(values["rule_name"], wildcards, outputs[0], num_gpus, at_s))
        elif event == LogEvent.JOB_FINISHED:
            job = progress.running.get(values["job_id"])
            was_known = bool(progress.sandbox_lacks)
            progress.finish(values["job_id"], at_s)
            if progress.sandbox_lacks and not (was_known or self._is_own):
                self._tell(
                    f"This host gives kernels' sandbox no {', '.join(progress.sandbox_lacks)}; `kbwf doctor` says how"
                    " to get it.\n"
                )
            return job is not None and not progress.stages[job.stage].num_left
        elif event == LogEvent.JOB_ERROR:
            progress.fail(values["jobid"], values["rule_name"], at_s)
        return False

    def _is_for_people(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            if getattr(record, "event", None) in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
                self._num_errors += 1
                return self._num_errors <= MAX_ERRORS_SHOWN
            return not str(record.msg).startswith(_HIDDEN)
        return getattr(record, "event", None) is None and str(record.msg).startswith(_SHOWN)

    def _write(self, record: logging.LogRecord) -> None:
        self._clear()
        self._snakemake.handle(record)
        if self._num_errors == MAX_ERRORS_SHOWN and getattr(record, "event", None) == LogEvent.JOB_ERROR:
            self._put(f"{MAX_ERRORS_SHOWN} failures were shown; all others are in the log file only.\n")
        self._drawn_s = -float("inf") if self._is_terminal else self._drawn_s

    def _tell(self, text: str) -> None:
        self._clear()
        self._put(text)
        self._drawn_s = -float("inf") if self._is_terminal else self._drawn_s

    def _draw(self, at_s: float, is_stage_complete: bool = False) -> None:
        if self._is_own or self._is_quiet or self._progress.started_s is None or self._is_closed.is_set():
            return
        if self._is_terminal and at_s - self._drawn_s >= 0.2:
            line = progress_line(self._progress, at_s, shutil.get_terminal_size().columns - 1)
            self._put(f"\r{line}\x1b[K")
        elif not self._is_terminal and (is_stage_complete or at_s - self._drawn_s >= PLAIN_INTERVAL_S):
            self._put(progress_line(self._progress, at_s) + "\n")
        else:
            return
        self._drawn_s = at_s

    def _clear(self) -> None:
        if self._is_terminal:
            self._put("\r\x1b[K")

    def _put(self, text: str) -> None:
        """Write, unless whoever read has left."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def _tick(self) -> None:
        """Time passes on the line and in the status file although nothing happens."""
        while not self._is_closed.wait(_TICK_S):
            with self.lock or threading.RLock():
                self._pass(time.time())

    def _pass(self, at_s: float) -> None:
        if not self._is_closed.is_set():
            self._write_status(at_s, "running")
            self._draw(at_s)

    def _write_status(self, at_s: float, state: str, *, is_forced: bool = False) -> None:
        path = self.settings.status_file if isinstance(self.settings, LogHandlerSettings) else None
        if path is None or self.common_settings.dryrun or self._progress.started_s is None:
            return
        if not is_forced and at_s - self._written_s < STATUS_INTERVAL_S:
            return
        status = {"schema_version": 1, "state": state, "pid": os.getpid(), "updated_s": at_s}
        text = json.dumps({**status, **self._progress.to_dict(at_s)}, indent=1) + "\n"
        try:
            write_text(Path(path), text)
        except KbwfError as error:  # a full disk must not end the run: the jobs will say so where it matters
            if not self._has_complained:
                self._tell(printable(f"No status file: {error}. The run goes on.\n"))
            self._has_complained = True
        self._written_s = at_s


def _number(resource: Any) -> int | None:
    """Snakemake hands out integers and, for the limits of a run, objects that hold one."""
    value = getattr(resource, "value", resource)
    return value if isinstance(value, int) else None
