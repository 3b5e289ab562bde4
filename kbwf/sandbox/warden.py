"""Process 1 of a candidate: trusted, outside the candidate's bounds, and all of it that the judge talks to.

It obeys the judge (`control.py`), buries what the candidate leaves behind, watches over memory where no control group
does, and when nothing is left, ends as the candidate ended.
"""

import contextlib
import json
import os
import select
import signal
from dataclasses import dataclass

from kbwf.sandbox import linux, watch
from kbwf.sandbox.cgroup import Freezer, Group
from kbwf.sandbox.control import DONE, END, FAILED, FREEZE, FREEZE_LIMIT_S, THAW
from kbwf.sandbox.limits import MAX_PROCESSES
from kbwf.sandbox.output import append_line
from kbwf.sandbox.tree import Tree

_TIMER_SLACK_NS = 1000
_WORD_MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class Word:
    """What the candidate says of itself when its doors are locked; it is still trusted then.

    Attributes:
        has_freezer: whether it joined a control group that can be frozen.
        baseline: the memory it has so far, if no control groups bound it and the warden must watch.
    """

    has_freezer: bool
    baseline: watch.Baseline | None

    def send(self, descriptor: int) -> None:
        """Say it, once."""
        known = self.baseline
        fields = known and [known.anonymous, known.shared, sorted(known.files)]
        os.write(descriptor, json.dumps([self.has_freezer, fields]).encode())
        os.close(descriptor)

    @staticmethod
    def receive(descriptor: int) -> "Word | None":
        """The candidate's word, or None if it ended without."""
        text = os.read(descriptor, _WORD_MAX_BYTES)
        if not text:
            return None
        has_freezer, fields = json.loads(text)
        if fields is None:
            return Word(has_freezer, None)
        anonymous, shared, files = fields
        return Word(has_freezer, watch.Baseline(anonymous, shared, frozenset(files)))


@dataclass
class Warden:
    """Serves one candidate to its end.

    Attributes:
        candidate: its pid.
        control: the judge's commands.
        word: where the candidate's word comes from.
        log: its output, where the warden says why it ended it.
        groups: of control groups, those that were made, by kind.
        scratch: folders in memory that are the candidate's alone.
    """

    candidate: int
    control: int
    word: int
    log: int
    tree: Tree
    groups: dict[str, Group]
    max_bytes: int
    scratch: tuple[str, ...]
    _freezer: Freezer | None = None
    _baseline: watch.Baseline | None = None
    _frozen_by: Freezer | Tree | None = None
    _code: int | None = None

    def serve(self) -> int:
        """Obey until the judge says `END` or hangs up, or the candidate ends; returns the candidate's exit code.

        128 + n for signal n. Nothing of the candidate is left then.
        """
        linux.prctl(linux.PR_SET_TIMERSLACK, _TIMER_SLACK_NS)  # or a sleep of ten microseconds takes sixty
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a candidate of the same user could send it what has a handler
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        poller = select.poll()
        for descriptor in (self.control, self.word, woken):
            poller.register(descriptor, select.POLLIN)
        has_asked_for_answer = False
        while self._bury():
            watches = self._baseline is not None and self._frozen_by is None
            ready = [descriptor for descriptor, _ in poller.poll(watch.INTERVAL_S * 1e3 if watches else None)]
            if self.word in ready:  # before a command, which then uses the means that the word tells of
                poller.unregister(self.word)
                self._believe(Word.receive(self.word))
            if self.control in ready:
                command = self._next_command()
                if command not in (FREEZE, THAW):
                    has_asked_for_answer = command == END
                    break
                self._answer(DONE if self._obey(command) else FAILED)
            if woken in ready:
                os.read(woken, 4096)
            if watches and self._is_over_bounds():
                break
        code = self._end()
        if has_asked_for_answer:
            self._answer(DONE)
        return code

    def _next_command(self) -> bytes:
        try:
            return os.read(self.control, 1)
        except ConnectionResetError:  # the judge is gone, an answer of ours unread
            return b""

    def _obey(self, command: bytes) -> bool:
        if command == FREEZE:
            self._frozen_by = self._frozen_by or self._freezer or self.tree
            return self._frozen_by.freeze(FREEZE_LIMIT_S)
        if self._frozen_by is not None:
            self._frozen_by.thaw()
            self._frozen_by = None
        return True

    def _answer(self, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # the judge is gone, as the next read says
            os.write(self.control, answer)

    def _believe(self, word: Word | None) -> None:
        if word is not None:
            self._freezer = Freezer(self.groups["freezer"]) if word.has_freezer else None
            self._baseline = word.baseline

    def _is_over_bounds(self) -> bool:
        assert self._baseline is not None
        pids = self.tree.pids()
        if len(pids) > MAX_PROCESSES:
            append_line(self.log, f"ended: more than {MAX_PROCESSES} processes")
            return True
        if watch.used_bytes(pids, self._baseline, self.max_bytes, self.scratch) > self.max_bytes:
            self._say_memory()
            return True
        return False

    def _say_memory(self) -> None:
        append_line(
            self.log, f"ended: its processes took more than {self.max_bytes / 2**30:g} GB of host memory together"
        )

    def _bury(self, is_patient: bool = False) -> bool:
        """Take notice of what ended. Returns whether the candidate lives; with patience, whether anything does."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if is_patient else os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == self.candidate:
                code = os.waitstatus_to_exitcode(status)
                self._code = code if code >= 0 else 128 - code
            if is_patient or pid == 0:
                return is_patient or self._code is None

    def _end(self) -> int:
        while True:
            self.tree.signal(signal.SIGKILL)
            if self._freezer is not None:
                self._freezer.thaw()  # in version 1 of the interface nothing frozen dies
            if not self._bury(is_patient=True):
                break
        memory = self.groups.get("memory")
        if memory is not None and memory.has_killed():
            self._say_memory()
        return self._code if self._code is not None else 128 + signal.SIGKILL
