"""Real runners: how they start, stand still, end, and what they know."""

import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import InfrastructureError
from kbwf.judge.processes import Launcher, RunnerProcess
from kbwf.sandbox import messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Failed, Load, Loaded, Open, Run
from tests.judge.problems import pid_of
from tests.sandbox.enclosure import HOST_PERMITS_NAMESPACES

SECRET = "kbwf-planted-" + "secret"
REFERENCE = "import torch\n\ndef get_init_inputs():\n    return []\n"
TICKING = """
import threading, torch
def tick():
    while True:
        pass
threading.Thread(target=tick, daemon=True).start()
class ModelNew(torch.nn.Module):
    pass
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    """Of a user with a secret in the environment."""
    found = Launcher({**os.environ, "HF_TOKEN": SECRET, "MY_VARIABLE": SECRET})
    yield found
    found.close()


@pytest.fixture
def runner(launcher: Launcher) -> Iterator[RunnerProcess]:
    """A runner whose doors are locked."""
    found = launcher.start("cpu", 1, 1.0)
    found.limit_s = 120
    found.open(Open(), [])
    found.wait_until_ready()
    yield found
    found.end()


def load(runner: RunnerProcess, source: str) -> Any:
    """Its answer to a kernel of ours."""
    request = Load(reference_source=REFERENCE, source=source, weights_seed=42, is_training=True)
    return runner.ask(request, Loaded)


def run_times_of(pid: int) -> dict[str, str]:
    """For each thread of a process, the nanoseconds it has run and waited to run."""
    return {path.parent.name: path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")}


def stands_still(pid: int) -> bool:
    """Whether none of its threads runs while this one reads two hundred times."""
    before = run_times_of(pid)
    assert len(before) > 1
    return all(run_times_of(pid) == before for _ in range(200))


def test_the_environment_of_launcher_and_runner_is_an_allow_list(launcher: Launcher, runner: RunnerProcess) -> None:
    """The secret is neither in the runner's `os.environ` nor in what either program was started with."""
    answer = load(runner, "import os\nraise RuntimeError(sorted(os.environ.items()))")
    assert isinstance(answer, Failed)
    assert SECRET not in answer.error and "PATH" in answer.error
    assert ("'HOME', '/tmp'" if HOST_PERMITS_NAMESPACES else "'HOME', '/tmp/kbwf-") in answer.error
    for pid in (launcher._process.pid, pid_of(runner)):
        content = Path(f"/proc/{pid}/environ").read_bytes()
        assert SECRET.encode() not in content
    assert b"PATH=" in Path(f"/proc/{launcher._process.pid}/environ").read_bytes()


def test_what_confines_a_runner_is_known_when_it_is_ready(runner: RunnerProcess) -> None:
    """Each step was applied, or is missing for a reason."""
    assert "no new privileges" in runner.sandbox.applied
    assert all(" (" in step for step in runner.sandbox.missing)


def test_a_frozen_runner_stands_still_with_all_its_threads(runner: RunnerProcess) -> None:
    """Stopped when `freeze` returns, and after each answer anew; it goes on when asked."""
    assert isinstance(load(runner, TICKING), Loaded)
    pid = pid_of(runner)
    runner.freeze()
    assert stands_still(pid)
    for _ in range(3):
        assert runner.ask_frozen(messages.encode(Run(slots=[])), messages.Done).results == []
        runner.freeze()
        assert stands_still(pid)
    runner.thaw()
    assert load(runner, TICKING) == Loaded()


def test_a_frozen_runner_can_be_ended(runner: RunnerProcess) -> None:
    """With its whole process; ending it twice is ending it once."""
    pid = pid_of(runner)
    runner.freeze()
    code, _ = runner.end()
    assert code == 128 + signal.SIGKILL
    assert not Path(f"/proc/{pid}").exists()
    assert runner.end() == (code, "")


@pytest.mark.parametrize(
    ("lines", "code"),
    [("os._exit(7)", 7), ("os.abort()", 134), ("os.kill(os.getpid(), signal.SIGKILL)", 137)],
    ids=["exit", "abort", "kill"],
)
def test_a_runner_that_ends_by_itself_says_with_which_code(runner: RunnerProcess, lines: str, code: int) -> None:
    """128 + n for signal n; and the end of what it wrote."""
    with pytest.raises(Closed):
        load(runner, f"import os, signal\nos.write(2, b'x' * 5000 + b'last words')\n{lines}")
    found, output = runner.end(grace_s=60)
    assert found == code
    assert len(output) == 4000 and output.endswith("xlast words")


def test_a_limit_that_is_used_up_is_a_timeout_at_once(runner: RunnerProcess) -> None:
    """Without waiting for an answer, which would come."""
    runner.freeze()
    runner.limit_s = 0.0
    with pytest.raises(TimeoutError):
        runner.ask_frozen(messages.encode(Run(slots=[])), messages.Done)


def test_only_what_a_runner_does_counts_against_its_limit(
    runner: RunnerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 seconds for a request, on a clock of the test; what passes while it is frozen is not its time."""
    now_s, deadlines_s, receive = [1000.0], [], messages.receive

    def receive_after_5_s(connection: socket.socket, *kinds: type, deadline_s: float) -> Any:
        deadlines_s.append(deadline_s)
        now_s[0] += 5
        return receive(connection, *kinds)

    runner.limit_s = 12.0
    runner.freeze()
    with monkeypatch.context() as patch:
        patch.setattr("kbwf.judge.processes.time.monotonic", lambda: now_s[0])
        patch.setattr(messages, "receive", receive_after_5_s)
        now_s[0] += 100
        runner.ask_frozen(messages.encode(Run(slots=[])), messages.Done)
        now_s[0] += 100
        runner.ask(Run(slots=[]), messages.Done)
    assert deadlines_s == [1112.0, 1212.0]
    assert runner.limit_s == 2.0


def test_an_answer_of_another_kind_is_a_protocol_error(runner: RunnerProcess) -> None:
    """What is asked for comes, or nothing counts."""
    with pytest.raises(ProtocolError, match="'done' out of turn"):
        runner.ask(Run(slots=[]), Loaded)


def test_a_runner_without_buffers_of_the_right_form_does_not_start(launcher: Launcher) -> None:
    """The end of its output says why."""
    runner = launcher.start("cpu", 1, 1.0)
    runner._connection.sendall(b"\0\0\0\2{}")
    with pytest.raises(InfrastructureError, match=r"(?s)a runner did not start; its output ends:.*no message"):
        runner.wait_until_ready()


def test_with_the_launcher_all_its_runners_end_and_no_file_stays_open() -> None:
    """Closed by the judge, or gone by itself: then whatever is asked is a fault of the machine."""
    before = len(os.listdir("/proc/self/fd"))
    launcher = Launcher(dict(os.environ))
    runner = launcher.start("cpu", 1, 1.0)
    runner.open(Open(), [])
    runner.wait_until_ready()
    guard = os.pidfd_open(runner._pid)
    os.kill(launcher._process.pid, signal.SIGKILL)
    launcher._process.wait()
    for ask in (lambda: launcher.start("cpu", 1, 1.0), runner.end):
        with pytest.raises(InfrastructureError, match="the launcher is gone"):
            ask()
    assert select.select([guard], [], [], 60)[0], "its guard lives on"
    os.close(guard)
    for connection in (runner._connection, runner._control):
        connection.close()
    for descriptor in (runner._log_descriptor, runner.memory_descriptor):
        os.close(descriptor or 0)
    launcher.close()
    assert len(os.listdir("/proc/self/fd")) == before
