"""The judge's handles on other processes: the launcher, and the runners that it forks."""

import contextlib
import math
import os
import socket
import subprocess
import sys
import time
from typing import Any

from kbwf.errors import InfrastructureError
from kbwf.sandbox import channel, guard, messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.confinement import Confinement
from kbwf.sandbox.control import FREEZE, THAW
from kbwf.sandbox.messages import End, Ended, Failed, Open, Ready, Start, Started

_START_LIMIT_S = 120.0
_OUTPUT_BYTES = 4000


class Launcher:
    """A program with a clean environment that has imported torch and forks runners."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start it; it imports torch meanwhile.

        Args:
            environment: of this process; the launcher gets what is on an allow-list.
        """
        self._hidden, self._kept = guard.paths_of_this_process()
        ours, theirs = socket.socketpair()
        with theirs:
            allowed = {name: environment[name] for name in (*guard.ENVIRONMENT, "PYTHONPATH") if name in environment}
            command = [sys.executable, "-m", "kbwf.sandbox.launcher", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, env=allowed, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._connection = ours

    def start(self, device: str, num_threads: int, max_memory_gb: float) -> "RunnerProcess":
        """Fork a runner for this device; it waits for the judge's buffers."""
        confinement = Confinement(
            device=device, num_threads=num_threads, max_memory_gb=max_memory_gb, hidden=self._hidden, kept=self._kept
        )
        with contextlib.ExitStack() as stack:
            connection, theirs = map(stack.enter_context, socket.socketpair())
            control, their_control = map(stack.enter_context, socket.socketpair())
            log_descriptor = os.memfd_create("kbwf-output")
            stack.callback(os.close, log_descriptor)
            self._send(Start(confinement=confinement), [theirs.fileno(), their_control.fileno(), log_descriptor])
            runner = RunnerProcess(self, self._receive(Started).pid, connection, control, log_descriptor)
            stack.pop_all()
            theirs.close()
            their_control.close()
        return runner

    def end(self, pid: int, grace_s: float) -> int:
        """Kill a runner with all it started; its exit code, 128 + n for signal n."""
        self._send(End(pid=pid, grace_s=grace_s), None)
        return self._receive(Ended).code

    def close(self) -> None:
        """Let it go, with all its runners."""
        self._connection.close()
        self._process.wait()

    def _send(self, message: Start | End, descriptors: list[int] | None) -> None:
        try:
            messages.send(self._connection, message, descriptors)
        except Closed as error:
            raise InfrastructureError("the launcher is gone; the next job starts a new worker") from error

    def _receive(self, kind: type[Any]) -> Any:
        try:
            return messages.receive(self._connection, kind)
        except Closed as error:
            raise InfrastructureError("the launcher is gone; the next job starts a new worker") from error


class RunnerProcess:
    """A runner, with a limit for the time it may run: while it is frozen its time stands still.

    Attributes:
        sandbox: what confines it.
    """

    def __init__(
        self, launcher: Launcher, pid: int, connection: socket.socket, control: socket.socket, log_descriptor: int
    ) -> None:
        self.sandbox = Ready(applied=[], missing=[])
        self.limit_s = math.inf
        self._launcher, self._pid = launcher, pid
        self._connection, self._control, self._log_descriptor = connection, control, log_descriptor
        self._ended: tuple[int, str] | None = None

    def open(self, opening: Open, descriptors: list[int]) -> None:
        """Hand the buffers over. Until its doors are locked, which `wait_until_ready` waits for, trusted code runs."""
        try:
            messages.send(self._connection, opening, descriptors)
        except Closed as error:
            raise self._not_started() from error

    def wait_until_ready(self) -> None:
        """Wait until the sandbox is closed.

        Raises:
            InfrastructureError: the runner could not start.
        """
        try:
            self.sandbox = messages.receive(self._connection, Ready, deadline_s=time.monotonic() + _START_LIMIT_S)
        except (Closed, TimeoutError, ProtocolError) as error:
            raise self._not_started() from error

    def ask(self, request: Any, *kinds: type[Any]) -> Any:
        """Send a request and wait for its answer, which is of one of these kinds or `Failed`.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `messages.receive`.
        """
        started_s = time.monotonic()
        messages.send(self._connection, request)
        answer: Any = messages.receive(self._connection, *kinds, Failed, deadline_s=started_s + self.limit_s)
        self.limit_s -= time.monotonic() - started_s
        return answer

    def ask_frozen(self, frame: bytes, *kinds: type[Any]) -> Any:
        """The same for a runner that is frozen, with a request that was encoded before. The clock runs outside."""
        started_s = time.monotonic()
        self._tell(THAW)
        channel.send_frame(self._connection, frame)
        answer: Any = messages.receive(self._connection, *kinds, Failed, deadline_s=started_s + self.limit_s)
        self.limit_s -= time.monotonic() - started_s
        return answer

    def freeze(self) -> None:
        """Stop every process and thread of it."""
        self._tell(FREEZE)

    @property
    def runner_pid(self) -> int:
        """Of the process that runs the program: the guard's grandchild. Asked while only trusted code runs there."""
        pid = self._pid
        for _ in range(2):
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                pid = int(children.read().split()[0])
        return pid

    def thaw(self) -> None:
        """Let it go on."""
        self._tell(THAW)

    def end(self, grace_s: float = 0.0) -> tuple[int, str]:
        """Kill it, once; exit code and the end of its output."""
        if self._ended is None:
            code = self._launcher.end(self._pid, grace_s)
            size = os.lseek(self._log_descriptor, 0, os.SEEK_END)
            tail = os.pread(self._log_descriptor, _OUTPUT_BYTES, max(0, size - _OUTPUT_BYTES))
            self._ended = code, tail.decode(errors="replace")
            self._connection.close()
            self._control.close()
            os.close(self._log_descriptor)
        return self._ended

    def _tell(self, command: bytes) -> None:
        try:
            self._control.send(command)
            self._control.recv(1)
        except OSError as error:
            raise Closed from error

    def _not_started(self) -> InfrastructureError:
        return InfrastructureError(f"a runner did not start; its output ends:\n{self.end()[1]}")
