"""What a kernel can reach: not the network, not other processes, not the user's files and keys.

Where the host forbids a step, the record has to say so; a test then holds the record to that.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf.records import EvalStatus, Evaluation
from kbwf.sandbox import guard
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of

SECRET = "kbwf-planted-" + "key"

STEPS = {
    "net namespace", "ipc namespace", "uts namespace", "mount namespace", "pid namespace", "private mounts",
    "own /proc",
    "hidden folders", "read-only files", "private /dev/shm", "rlimits", "no new privileges",
}  # fmt: skip


def has(evaluation: Evaluation, step: str) -> bool:
    """Whether the record says that this step was applied; what it does not say at all is a failure."""
    assert evaluation.sandbox is not None
    missing = {entry.partition(" (")[0] for entry in evaluation.sandbox.missing}
    assert (step in evaluation.sandbox.applied) != (step in missing), (step, evaluation.sandbox)
    return step in evaluation.sandbox.applied


def report(handler: EvaluateHandler, lines: str) -> Evaluation:
    """The evaluation of a kernel that puts what it finds into the list `found` and raises it."""
    body = f"found = []\n{lines}\nraise RuntimeError(f'found {{found}}')"
    evaluation = judge(handler, kernel_of(body))
    assert evaluation.status == EvalStatus.RUNTIME_ERROR, evaluation.message
    assert "found [" in evaluation.message, evaluation.message
    return evaluation


def test_every_step_is_either_applied_or_missing(handler: EvaluateHandler) -> None:
    """No step is left out of the record."""
    evaluation = judge(handler, HONEST_KERNEL)
    for step in STEPS:
        has(evaluation, step)


def test_files_of_the_user_cannot_be_read(handler: EvaluateHandler, tmp_path: Path) -> None:
    """A key planted in the temporary folder cannot be found, nor can the project's tests or configuration."""
    (tmp_path / "key").write_text(SECRET)
    root = Path(__file__).parents[2]
    files = [str(path) for path in (tmp_path / "key", root / "tests" / "builders.py", root / "config.yaml")]
    evaluation = report(
        handler,
        f"for path in {files}:\n"
        "    try:\n        found.append(open(path).read()[:100])\n"
        "    except OSError as error:\n        found.append(type(error).__name__)",
    )
    if has(evaluation, "hidden folders"):
        assert SECRET not in evaluation.to_json()
        assert "found ['FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError']" in evaluation.message
    else:
        assert SECRET in evaluation.message


def test_home_working_folder_and_project_are_hidden_but_for_what_python_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """HOME, the working folder, temporary folders and the package's parent are hidden; interpreter and package stay."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "work"), str(tmp_path / "packages")])
    hidden, kept = guard.paths_of_this_process()
    package = Path(guard.__file__).parents[1]
    assert {"/tmp", "/var/tmp", str(tmp_path / "home"), str(tmp_path / "work"), str(package.parent)} <= set(hidden)
    assert set(kept) == {sys.prefix, sys.base_prefix, str(package), str(tmp_path / "packages")}


def test_a_package_among_the_interpreter_s_others_does_not_hide_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed beside torch, the package's parent is where torch lives."""
    site = Path(sys.prefix) / "lib" / "site-packages"
    monkeypatch.setattr(guard, "__file__", str(site / "kbwf" / "evaluation" / "sandbox.py"))
    assert str(site.resolve()) not in guard.paths_of_this_process()[0]


def test_nothing_can_be_written_but_to_a_private_temporary_folder(handler: EvaluateHandler, tmp_path: Path) -> None:
    """The project, /etc and the interpreter are out of reach; what is written to /tmp is nowhere afterwards."""
    name = f"kbwf-written-{os.getpid()}"
    folders = [
        str(Path(__file__).parents[2]),
        str(Path(guard.__file__).parent),
        "/etc",
        sys.prefix,
        "/var/tmp",
        "/tmp",
    ]
    evaluation = report(
        handler,
        f"for folder in {folders}:\n"
        f"    try:\n        found.append(open(folder + '/{name}', 'w').write('x'))\n"
        "    except OSError:\n        found.append('refused')",
    )
    if has(evaluation, "read-only files") and has(evaluation, "hidden folders"):
        assert f"found {['refused'] * 5 + [1]}" in evaluation.message
    assert not [folder for folder in folders if (Path(folder) / name).exists() and has(evaluation, "hidden folders")]


def test_the_environment_of_a_kernel_is_an_allow_list(tmp_path: Path) -> None:
    """A key in the user's environment is neither in os.environ, nor in /proc, nor in the process's first memory."""
    search = """
import ctypes, os, re
secret = "kbwf-planted-" + "key"
found = [name for name, value in os.environ.items() if secret in value]
for path in ("/proc/self/environ", "/proc/1/environ", f"/proc/{os.getppid()}/environ"):
    try:
        found += [path] * (secret.encode() in open(path, "rb").read())
    except OSError:
        pass
for line in open("/proc/self/maps"):
    if "[stack]" in line:
        start, end = (int(text, 16) for text in re.match("([0-9a-f]+)-([0-9a-f]+)", line).groups())
        found += ["stack"] * (secret.encode() in ctypes.string_at(start, end - start))
raise RuntimeError(f"found {found}, HOME={os.environ['HOME']}")
"""
    kernel = tmp_path / "kernel.py"
    kernel.write_text(kernel_of(search.strip()))
    command = [sys.executable, "-m", "kbwf", "evaluate", "l0_p014", str(kernel), "--settings", '{"mode": "fast"}']
    environment = {**os.environ, "HF_TOKEN": SECRET, "TINKER_API_KEY": SECRET}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "found [], HOME=/tmp" in done.stdout, done.stdout + done.stderr


def test_there_is_no_network_but_an_unused_loopback(handler: EvaluateHandler) -> None:
    """A server of this machine on 127.0.0.1 cannot be reached, and no other interface exists."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        evaluation = report(
            handler,
            "import socket\nfound += [name for _, name in socket.if_nameindex()]\n"
            "try:\n"
            f"    socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=2)\n"
            "    found.append('connected')\n"
            "except OSError as error:\n    found.append(error.strerror)",
        )
    expected = "found ['lo', 'Network is unreachable']" if has(evaluation, "net namespace") else "'connected'"
    assert expected in evaluation.message


def test_a_kernel_sees_and_ends_no_process_but_its_own(handler: EvaluateHandler) -> None:
    """The judge's pid means nothing to it; it is process 2 of its own, and its /proc shows just that."""
    evaluation = report(
        handler,
        "import os, signal\nfound.append(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()))\n"
        f"for pid in ({os.getpid()}, {os.getppid()}):\n"
        "    try:\n        os.kill(pid, signal.SIGKILL if pid > 2 else 0)\n        found.append('killed')\n"
        "    except OSError as error:\n        found.append(type(error).__name__)",
    )
    if has(evaluation, "pid namespace") and has(evaluation, "own /proc"):
        assert "found [[1, 2], 'ProcessLookupError', 'ProcessLookupError']" in evaluation.message
    assert "killed" not in evaluation.message


def test_killing_all_it_can_leaves_judge_and_reference_alive(handler: EvaluateHandler) -> None:
    """kill(-1) reaches what lies in the kernel's own namespace; without one, user nobody's processes or none."""
    evaluation = judge(handler, HONEST_KERNEL)
    if has(evaluation, "pid namespace"):
        judge(handler, kernel_of("import os, signal\nos.kill(-1, signal.SIGKILL)\n" + HONEST_FORWARD))
        evaluation = judge(handler, HONEST_KERNEL)
        assert evaluation.status == EvalStatus.PASSED
        assert "prepare_task" not in evaluation.seconds_s


def _count(marker: str) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += marker.encode() in path.read_bytes()
        except OSError:  # ended while we looked
            continue
    return found


@pytest.mark.parametrize(
    "ending", [HONEST_FORWARD, "os._exit(0)", "while True: pass"], ids=["passes", "exits", "hangs"]
)
def test_a_process_left_behind_is_gone_with_its_kernel(handler: EvaluateHandler, ending: str) -> None:
    """Detached by a second fork and a session of its own, it ends before the verdict is given."""
    marker = f"{100_000 + os.getpid()}.25"
    leave = (
        "import os, time\n"
        f"if os.fork() == 0:\n    os.setsid()\n    os.fork() or os.execv('/bin/sleep', ['sleep', '{marker}'])\n"
        f"    os._exit(0)\nos.wait()\ntime.sleep(0.05)\n"
        f"assert any(b'{marker}' in open(f'/proc/{{pid}}/cmdline', 'rb').read() for pid in os.listdir('/proc')"
        " if pid.isdigit())\n"
    )
    evaluation = judge(handler, kernel_of(leave + ending), settings=_limited(2.0))
    assert evaluation.status in (EvalStatus.PASSED, EvalStatus.CRASHED, EvalStatus.TIMEOUT), evaluation.trace
    assert _count(marker) == 0
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_shrinking_the_judge_s_memory_files_is_refused(handler: EvaluateHandler) -> None:
    """A kernel that truncates every file it has open does not take the ground from under the judge."""
    truncate = (
        "import os\nfor descriptor in range(3, 256):\n    try:\n        os.ftruncate(descriptor, 0)\n"
        "    except OSError:\n        pass\n"
    )
    assert judge(handler, kernel_of(truncate + HONEST_FORWARD)).status == EvalStatus.PASSED
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_descriptors_that_a_kernel_sends_do_not_pile_up_in_the_judge(handler: EvaluateHandler) -> None:
    """Ten open files beside an answer, and the judge has as many open as before."""
    send = (
        "import array, os, socket, sys\nframe = sys._getframe()\n"
        "while 'connection' not in frame.f_locals:\n    frame = frame.f_back\n"
        "files = [os.open('/dev/null', os.O_RDONLY) for _ in range(10)]\n"
        "rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', files))]\n"
        "frame.f_locals['connection'].sendmsg([b'\\xff' * 5], rights)\n"
    )
    judge(handler, HONEST_KERNEL)
    before = len(os.listdir("/proc/self/fd"))
    assert judge(handler, kernel_of(send + HONEST_FORWARD)).status == EvalStatus.FLAGGED
    assert len(os.listdir("/proc/self/fd")) == before


def _limited(timeout_s: float) -> EvaluationSettings:
    return EvaluationSettings(mode="fast", device="cpu", timeout_s=timeout_s, max_memory_gb=1)
