"""What a kernel can reach through the judge: not the network, not other processes, not the user's files and keys.

Each defence by itself is tested in tests/sandbox/. Where the host forbids one, the record has to say so; a test then
holds the record to that.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kbwf.records import EvalStatus, Evaluation
from kbwf.sandbox.defences import FIRST_HALF, SECOND_HALF
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of
from tests.sandbox.enclosure import HOST_PERMITS_NAMESPACES

CHECKOUT = Path(__file__).parents[2]
SECRET = "kbwf-planted-" + "key"
SEARCH = """
import ctypes, os, re
# Eight times in a row is how it was planted; this source has it in no piece, and once in the pattern.
word = "-".join(["kbwf", "planted", "key"]).encode()
pattern = re.compile(b"(?:%b){8}" % word)
def search():
    for line in open("/proc/self/maps").readlines():
        bounds, rights, _, _, _, *names = line.split()
        start, end = (int(text, 16) for text in bounds.split("-"))
        is_the_kernel_s = bool(names) and names[0].startswith("[v")
        if rights.startswith("rw") and not is_the_kernel_s:  # what is read-only is a file's own content
            data = ctypes.string_at(start, end - start)
            at = data.find(word)  # alone a pattern takes twenty times as long
            while at >= 0 and not pattern.match(data, at):
                at = data.find(word, at + 1)
            if at >= 0:
                yield line.strip()
found = [name for name, value in os.environb.items() if pattern.search(value)] + list(search())
planted = word * 8
raise RuntimeError(f"found {found}, HOME={os.environ['HOME']}, its own: {bool(list(search()))}")
"""
COMPILED = """import torch


class ModelNew(Model):
    def __init__(self, width):
        super().__init__(width)
        self.compiled = torch.compile(lambda x, weight: (x * weight).sum(dim=-1))

    def forward(self, x):
        return self.compiled(x, self.weight)
"""


def has(evaluation: Evaluation, defence: str) -> bool:
    """Whether the record says that this defence was applied; what it does not say at all is a failure."""
    assert evaluation.sandbox is not None
    missing = {entry.partition(" (")[0] for entry in evaluation.sandbox.missing}
    assert (defence in evaluation.sandbox.applied) != (defence in missing), (defence, evaluation.sandbox)
    return defence in evaluation.sandbox.applied


def report(handler: EvaluateHandler, lines: str) -> Evaluation:
    """The evaluation of a kernel that puts what it finds into the list `found` and raises it."""
    body = f"found = []\n{lines}\nraise RuntimeError(f'found {{found}}')"
    evaluation = judge(handler, kernel_of(body))
    assert evaluation.status == EvalStatus.RUNTIME_ERROR, evaluation.message
    assert "found [" in evaluation.message, evaluation.message
    return evaluation


def test_every_defence_is_either_applied_or_missing(handler: EvaluateHandler) -> None:
    """No defence is left out of the record but those that are for another kind of user."""
    evaluation = judge(handler, HONEST_KERNEL)
    for defence in (*FIRST_HALF, *SECOND_HALF):
        if defence.name not in ("user namespace", "own user", "no capabilities"):
            has(evaluation, defence.name)


def test_files_of_the_user_and_of_the_project_are_not_there(handler: EvaluateHandler, tmp_path: Path) -> None:
    """A key planted in the temporary folder cannot be found, nor can the project's tests or configuration."""
    (tmp_path / "key").write_text(SECRET)
    files = [str(path) for path in (tmp_path / "key", CHECKOUT / "tests" / "builders.py", CHECKOUT / "config.yaml")]
    evaluation = report(
        handler,
        f"for path in {files}:\n"
        "    try:\n        found.append(open(path).read()[:100])\n"
        "    except OSError as error:\n        found.append(type(error).__name__)",
    )
    if has(evaluation, "own root"):
        assert "found ['FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError']" in evaluation.message
    elif has(evaluation, "landlock"):
        assert "found ['PermissionError', 'PermissionError', 'PermissionError']" in evaluation.message
    else:
        assert SECRET in evaluation.message


def evaluate_by_hand(kernel: Path, source: str, **options: object) -> subprocess.CompletedProcess[str]:
    """`kbwf evaluate` of a bundled task, as a user would call it."""
    kernel.write_text(source)
    command = [sys.executable, "-m", "kbwf", "evaluate", "l0_p014", str(kernel), "--settings", '{"mode": "fast"}']
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload]


def test_a_key_of_the_user_s_environment_is_nowhere_in_a_kernel_s_memory(tmp_path: Path) -> None:
    """Neither in os.environ, nor in /proc, nor anywhere in what the process can read of itself."""
    environment = {**os.environ, "HF_TOKEN": SECRET * 8, "TINKER_API_KEY": SECRET * 8}
    done = evaluate_by_hand(tmp_path / "kernel.py", kernel_of(SEARCH.strip()), env=environment)
    home = "/tmp" if HOST_PERMITS_NAMESPACES else r"/tmp/kbwf-\w+"
    assert re.search(rf"found \[\], HOME={home}, its own: True", done.stdout), done.stdout + done.stderr


def test_a_checkout_that_only_its_owner_can_read_judges_kernels(tmp_path: Path) -> None:
    """Some folders below closed ones, made with a umask of 077, with its working folder in it."""
    checkout = tmp_path / "closed" / "also closed" / "checkout"
    shutil.copytree(CHECKOUT / "kbwf", checkout / "kbwf", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (checkout.parent.parent, *checkout.parent.parent.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    kernel = "import torch\nimport torch.nn as nn\n\n\nclass ModelNew(Model):\n    pass\n"
    done = evaluate_by_hand(tmp_path / "kernel.py", kernel, cwd=checkout, env=environment, umask=0o077)
    # On a busy machine the times may not be believed, which is another line.
    assert re.search(r"^(passed|flagged): ", done.stdout, re.MULTILINE), done.stdout + done.stderr


@pytest.mark.skipif(" " in torch.__file__, reason="the compiler commands of PyTorch break at a space in its own path")
def test_torch_compile_works(handler: EvaluateHandler) -> None:
    """Files of more than 64 MB, a compiler and its children: none of it is anything but a kernel's good right."""
    evaluation = judge(handler, COMPILED, settings=EvaluationSettings(mode="fast", device="cpu", timeout_s=250))
    assert evaluation.status == EvalStatus.PASSED, (evaluation.message, evaluation.trace)


def test_there_is_no_network_but_an_unused_loopback(handler: EvaluateHandler) -> None:
    """A server of this machine on 127.0.0.1 cannot be reached, and no other interface exists."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        evaluation = report(
            handler,
            "import socket\nfound += [line.split(':')[0].strip() for line in list(open('/proc/net/dev'))[2:]]\n"
            "try:\n"
            f"    socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=2)\n"
            "    found.append('connected')\n"
            "except OSError as error:\n    found.append(error.strerror)",
        )
    if has(evaluation, "net namespace"):
        assert "found ['lo'," in evaluation.message
    if has(evaluation, "net namespace") or has(evaluation, "system-call filter"):
        assert "'connected'" not in evaluation.message
    else:
        assert "'connected'" in evaluation.message


def test_a_kernel_sees_and_ends_no_process_but_its_own(handler: EvaluateHandler) -> None:
    """The judge's pid means nothing to it; it is process 2 of its own, and its /proc shows just that."""
    assert os.getpid() > 2
    evaluation = report(
        handler,
        "import os, signal\nfound.append(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()))\n"
        f"try:\n    os.kill({os.getpid()}, signal.SIGKILL)\n    found.append('killed')\n"
        "except OSError as error:\n    found.append(type(error).__name__)",
    )
    if has(evaluation, "pid namespace") and has(evaluation, "own /proc"):
        assert evaluation.sandbox is not None
        numbers = [2] if "own user" in evaluation.sandbox.applied else [1, 2]
        assert f"found [{numbers}, 'ProcessLookupError']" in evaluation.message
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
        "import os\n"
        f"if os.fork() == 0:\n    os.setsid()\n    os.fork() or os.execv('/bin/sleep', ['sleep', '{marker}'])\n"
        "    os._exit(0)\nos.wait()\n"
        f"while not any(b'{marker}' in open(f'/proc/{{pid}}/cmdline', 'rb').read() for pid in os.listdir('/proc')"
        " if pid.isdigit()):\n    os.sched_yield()\n"
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
