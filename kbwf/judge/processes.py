"""The judge's handles on other processes: the launcher, and the runners that it forks."""

import contextlib
import math
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from kbwf.errors import InfrastructureError
from kbwf.sandbox import channel, guard, launcher, messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.control import Control, NotFrozen, WardenGone
from kbwf.sandbox.messages import End, Ended, Failed, Open, Ready, Start, Started
from kbwf.sandbox.output import open_log, read_end
from kbwf.sandbox.shown import find_shown_paths, others_can_read

_START_LIMIT_S = 120.0
_OUTPUT_BYTES = 4000
_NICE = 10


class Launcher:
    """A program with a clean environment that has imported torch and forks runners."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start it; it imports torch meanwhile.

        Args:
            environment: of this process; the launcher gets what is on an allow-list.
        """
        self._environment = environment
        self._lock = threading.Lock()  # a request and its answer belong together
        self._shown = find_shown_paths([os.path.expanduser("~"), os.getcwd()], environment)
        self._others_can_read = others_can_read(self._shown)
        ours, theirs = socket.socketpair()
        with theirs:
            allowed = {name: environment[name] for name in (*guard.ENVIRONMENT, "PYTHONPATH") if name in environment}
            # Imported for its name, so that an edit of what runs there is an edit of the judge (provenance).
            command = [sys.executable, "-m", launcher.__name__, str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, env=allowed, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._connection = ours

    def start(self, device: str, num_threads: int, max_memory_gb: float) -> "RunnerProcess":
        """Fork a runner for this device; it waits for the judge's buffers."""
        request = Start(
            device=device,
            num_threads=num_threads,
            max_memory_gb=max_memory_gb,
            shown=list(self._shown),
            others_can_read=self._others_can_read,
        )
        with contextlib.ExitStack() as stack:
            connection, theirs = map(stack.enter_context, socket.socketpair())
            control, their_control = map(stack.enter_context, socket.socketpair())
            log_descriptor = open_log()
            stack.callback(os.close, log_descriptor)
            descriptors = [theirs.fileno(), their_control.fileno(), log_descriptor]
            pid = self._asked(request, descriptors, Started).pid
            runner = RunnerProcess(self, pid, connection, Control(control), log_descriptor)
            stack.pop_all()
            theirs.close()
            their_control.close()
        return runner

    def end(self, pid: int, grace_s: float) -> int:
        """Kill a runner with all it started; its exit code, 128 + n for signal n."""
        return int(self._asked(End(pid=pid, grace_s=grace_s), None, Ended).code)

    def another(self, cores: set[int]) -> "Launcher":
        """A second one for the same programs, whose runners stay on these cores and give way to others there."""
        other = Launcher(self._environment)
        with contextlib.suppress(OSError):  # a host that does not permit it
            os.sched_setaffinity(other._process.pid, cores)
            os.setpriority(os.PRIO_PROCESS, other._process.pid, _NICE)
        return other

    def close(self) -> None:
        """Let it go, with all its runners."""
        self._connection.close()
        self._process.wait()

    def _asked(self, message: Start | End, descriptors: list[int] | None, kind: type[Any]) -> Any:
        try:
            with self._lock:
                messages.send(self._connection, message, descriptors)
                return messages.receive(self._connection, kind)
        except Closed as error:
            raise InfrastructureError("the launcher is gone; the next job starts a new worker") from error


class RunnerProcess:
    """A runner, with a limit for the time it may run: while it is frozen its time stands still.

    Attributes:
        sandbox: what confines it.
        memory_descriptor: a file through which its memory can be read, on the CPU.
    """

    def __init__(
        self, launcher: Launcher, pid: int, connection: socket.socket, control: Control, log_descriptor: int
    ) -> None:
        self.sandbox = Ready(applied=[], missing=[])
        self.memory_descriptor: int | None = None
        self.limit_s = math.inf
        self._launcher, self._pid = launcher, pid
        self._connection, self._control, self._log_descriptor = connection, control, log_descriptor
        self._is_ready = False
        self._ended: tuple[int, str] | None = None

    def open(self, opening: Open, descriptors: list[int]) -> None:
        """Hand the buffers over. Until its doors are locked, which `wait_until_ready` waits for, trusted code runs."""
        try:
            messages.send(self._connection, opening, descriptors)
        except Closed as error:
            raise self._not_started() from error

    def wait_until_ready(self) -> None:
        """Wait until the sandbox is closed; again, it returns at once. Before it is asked anything.

        Raises:
            InfrastructureError: the runner could not start, or has ended since.
        """
        try:
            if not self._is_ready:
                deadline_s = time.monotonic() + _START_LIMIT_S
                self.sandbox, descriptors = messages.receive_with_descriptors(
                    self._connection, Ready, deadline_s=deadline_s
                )
                self.memory_descriptor = descriptors[0] if descriptors else None
                self._is_ready = True
            if select.select([self._connection], [], [], 0)[0]:  # it has nothing to say until it is asked
                raise Closed
        except (Closed, TimeoutError, ProtocolError) as error:
            raise self._not_started() from error

    def ask(self, request: Any, *kinds: type[Any], descriptors: list[int] | None = None) -> Any:
        """Send a request, files beside it if any, and wait for its answer: of one of these kinds, or `Failed`.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `messages.receive`.
        """
        started_s = time.monotonic()
        messages.send(self._connection, request, descriptors)
        answer: Any = messages.receive(self._connection, *kinds, Failed, deadline_s=started_s + self.limit_s)
        self.limit_s -= time.monotonic() - started_s
        return answer

    def ask_frozen(self, frame: bytes, *kinds: type[Any]) -> Any:
        """The same for a runner that is frozen, with a request that was encoded before. The clock runs outside."""
        started_s = time.monotonic()
        self._tell(self._control.thaw)
        channel.send_frame(self._connection, frame)
        answer: Any = messages.receive(self._connection, *kinds, Failed, deadline_s=started_s + self.limit_s)
        self.limit_s -= time.monotonic() - started_s
        return answer

    def freeze(self) -> None:
        """Stop every process and thread of it."""
        self._tell(self._control.freeze)

    def thaw(self) -> None:
        """Let it go on."""
        self._tell(self._control.thaw)

    def end(self, grace_s: float = 0.0) -> tuple[int, str]:
        """Kill it, once; exit code and the end of its output."""
        if self._ended is None:
            code = self._launcher.end(self._pid, grace_s)
            self._ended = code, read_end(self._log_descriptor, _OUTPUT_BYTES)
            self._connection.close()
            self._control.close()
            os.close(self._log_descriptor)
            if self.memory_descriptor is not None:
                os.close(self.memory_descriptor)
        return self._ended

    def _tell(self, command: Callable[[], None]) -> None:
        try:
            command()
        except (WardenGone, NotFrozen) as error:
            raise Closed from error

    def _not_started(self) -> InfrastructureError:
        return InfrastructureError(f"a runner did not start; its output ends:\n{self.end()[1]}")
