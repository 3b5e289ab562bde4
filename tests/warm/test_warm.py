"""Warm processes: one for many clients, and it leaves when nobody needs it."""

import fcntl
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kbwf.errors import InfrastructureError, KbwfError
from kbwf.warm import client, frames, lifetime, server, slots
from kbwf.warm.lifetime import owner_of
from tests.conditions import wait_until

PACKAGE = Path(client.__file__).parents[1]

# `python -m kbwf serve KIND SOCKET OWNER` of this toy finds all of kbwf but its command line in the real package.
TOY_INIT = f"__path__.append({str(PACKAGE)!r})\n"
TOY_MAIN = """
import os, sys, time
from kbwf.errors import ConfigError
from kbwf.warm.server import serve

answered = 0


def handle(request):
    global answered
    answered += 1
    do = request.get("do")
    if do == "fail":
        raise ConfigError("no such thing: take another")
    if do == "bug":
        raise ValueError("an oversight")
    if do == "die":
        os._exit(9)
    if do == "big":
        return {"text": request["text"] * 2}
    return {"pid": os.getpid(), "answered": answered, "environment": dict(os.environ)}


def between():
    with open("between", "a") as file:
        file.write(f"{answered} ")


if os.path.exists("broken"):
    sys.exit("cannot start: broken")
with open("starts", "a") as starts:
    starts.write("x")
time.sleep(0.2)
serve(handle, sys.argv[3], sys.argv[4], between, idle_s=float(open("idle_s").read()))
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with the toy in it; sockets go below. Its path is short, as a socket's must be."""
    path = Path(tempfile.mkdtemp(prefix="kbwf-test-", dir="/tmp"))
    (path / "kbwf").mkdir()
    (path / "kbwf" / "__init__.py").write_text(TOY_INIT)
    (path / "kbwf" / "__main__.py").write_text(TOY_MAIN)
    (path / "idle_s").write_text("60")
    monkeypatch.chdir(path)
    monkeypatch.setenv("TMPDIR", str(path))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose end ends the warm ones."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


def ask(owner: subprocess.Popen[bytes], code: str = "c0de", **request: object) -> dict:
    """One request to the toy."""
    return client.call("evaluate", request, code, owner_of(owner.pid))


def is_gone(pid: int) -> bool:
    """No process of this pid, or its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def sockets(folder: Path) -> list[Path]:
    """The sockets of this folder's warm processes."""
    return list(folder.glob("kbwf-*/*.sock"))


def test_many_clients_at_once_start_one_process(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """Six processes find nobody listening; one process answers all six."""
    script = "import sys; from kbwf.warm.client import call; print(call('evaluate', {}, 'c0de', sys.argv[1])['pid'])"
    command = [sys.executable, "-c", script, owner_of(owner.pid)]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = [each.communicate(timeout=300)[0].strip() for each in clients]
    assert len(set(answers)) == 1 and answers[0].isdigit()
    assert (folder / "starts").read_text() == "x"
    assert ask(owner)["answered"] == 7


def test_other_code_or_another_owner_gets_a_process_of_its_own(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """Three names, three processes; the first is still there for its own."""
    with subprocess.Popen(["sleep", "300"]) as other:
        pids = [ask(owner)["pid"], ask(owner, code="edited")["pid"], ask(other)["pid"]]
        assert len(set(pids)) == 3
        assert ask(owner)["pid"] == pids[0]
        other.kill()


def test_two_gpus_have_a_process_each_and_no_more(
    folder: Path, owner: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six jobs at once, two workers, each of which sees its own GPU alone; what needs no GPU has a third process."""
    one, other = (f"GPU-{os.getpid()}{name}" for name in "ab")  # their locks are those of the whole machine
    monkeypatch.setenv("KBWF_GPUS", f"{one} {other}")
    with slots.held((one,), ""):
        assert ask(owner)["environment"]["CUDA_VISIBLE_DEVICES"] == other
    with slots.held((other,), ""):
        assert ask(owner)["environment"]["CUDA_VISIBLE_DEVICES"] == one
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(owner), range(6)))
    assert len({answer["pid"] for answer in answers}) <= 2
    assert (folder / "starts").read_text() == "xx"
    elsewhere = client.call("evaluate", {}, "c0de", owner_of(owner.pid), needs_gpu=False)
    assert "CUDA_VISIBLE_DEVICES" not in elsewhere["environment"]


def test_the_process_leaves_with_its_owner(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """Not waited for by anybody, the owner is a zombie: gone all the same. Socket, lock and log go too."""
    pid = ask(owner)["pid"]
    owner.kill()
    wait_until(lambda: is_gone(pid))
    wait_until(lambda: not list(folder.glob("kbwf-*/*")))


def test_the_process_leaves_when_idle_and_the_next_client_starts_another(
    folder: Path, owner: subprocess.Popen[bytes]
) -> None:
    """After half a second without a request."""
    (folder / "idle_s").write_text("0.5")
    pid = ask(owner)["pid"]
    wait_until(lambda: is_gone(pid))
    assert sockets(folder) == []
    assert ask(owner)["pid"] != pid


def test_an_error_keeps_message_and_exit_code_and_the_process_stays(
    folder: Path, owner: subprocess.Popen[bytes]
) -> None:
    """What the handler raised on purpose arrives as it was."""
    pid = ask(owner)["pid"]
    with pytest.raises(KbwfError, match="^no such thing: take another$") as caught:
        ask(owner, do="fail")
    assert caught.value.exit_code == 2
    assert ask(owner)["pid"] == pid


def test_what_can_be_prepared_is_prepared_between_requests(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """After each answer, an error's too, and before the next request; after a fault there is no next one."""
    pid = ask(owner)["pid"]
    wait_until(lambda: (folder / "between").exists() and (folder / "between").read_text() == "1 ")
    with pytest.raises(KbwfError):
        ask(owner, do="fail")
    assert ask(owner)["answered"] == 3
    wait_until(lambda: (folder / "between").read_text() == "1 2 3 ")
    with pytest.raises(KbwfError, match="an oversight"):
        ask(owner, do="bug")
    wait_until(lambda: is_gone(pid))
    assert (folder / "between").read_text() == "1 2 3 "


def test_after_an_oversight_the_next_try_meets_a_fresh_process(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """Exit code 75 with the traceback: worth another try, and that one works."""
    pid = ask(owner)["pid"]
    with pytest.raises(KbwfError, match="ValueError: an oversight") as caught:
        ask(owner, do="bug")
    assert caught.value.exit_code == 75
    assert ask(owner)["pid"] != pid
    wait_until(lambda: is_gone(pid))


def test_a_process_that_dies_is_an_infrastructure_fault_and_is_replaced(
    folder: Path, owner: subprocess.Popen[bytes]
) -> None:
    """No answer is exit code 75; the socket it left behind is stale, and the next client takes its place."""
    pid = ask(owner)["pid"]
    with pytest.raises(InfrastructureError, match="the warm evaluate process died before it answered"):
        ask(owner, do="die")
    assert len(sockets(folder)) == 1
    assert ask(owner)["pid"] != pid


@pytest.mark.parametrize("is_accepted", [True, False], ids=["accepted", "waiting"])
def test_a_client_of_a_process_that_leaves_takes_the_next(
    folder: Path, owner: subprocess.Popen[bytes], is_accepted: bool
) -> None:
    """Connected to a process that ends before it takes the request: nobody has worked on it, so the next one does."""
    path = client._socket_path("evaluate", "c0de", owner_of(owner.pid))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as leaving, ThreadPoolExecutor() as pool:
        leaving.bind(path)
        leaving.listen()
        answer = pool.submit(ask, owner)
        assert select.select([leaving], [], [], 300)[0]
        connection = leaving.accept()[0] if is_accepted else None
        os.unlink(path)
        if connection is not None:
            connection.close()
        leaving.close()
        assert answer.result(timeout=300)["answered"] == 1


def test_clients_that_wait_behind_a_fatal_request_are_answered_by_the_next_process(
    folder: Path, owner: subprocess.Popen[bytes]
) -> None:
    """Of several at once, those whose own request breaks the process fail; every other one has its answer."""
    requests = [{"do": "die"}, {}, {"do": "bug"}, {}, {"do": "die"}, {}, {}]
    ask(owner)

    def outcome(request: dict) -> str:
        try:
            return "answered" if "answered" in ask(owner, **request) else "?"
        except KbwfError as error:
            return f"exit {error.exit_code}"

    with ThreadPoolExecutor(len(requests)) as pool:
        outcomes = list(pool.map(outcome, requests))
    assert outcomes == ["answered" if not request else "exit 75" for request in requests]


def test_processes_that_all_leave_before_they_take_a_request_are_a_fault(
    folder: Path, owner: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No endless loop: the message says how many were tried."""
    monkeypatch.setattr(client, "_is_taken", lambda *_: False)
    with pytest.raises(InfrastructureError, match="20 warm evaluate processes left before they took this request"):
        ask(owner)


def test_a_lock_that_was_removed_while_one_waited_is_taken_anew(folder: Path) -> None:
    """Whoever holds the old file's lock holds nothing: the name now means another file."""
    path = str(folder / "lock")
    with open(path, "w") as old:
        fcntl.flock(old, fcntl.LOCK_EX)
        with ThreadPoolExecutor() as pool:

            def inode_when_locked() -> int:
                with client._locked(path):
                    return os.stat(path).st_ino

            waiting = pool.submit(inode_when_locked)
            wait_until(lambda: re.search(rf"-> FLOCK .*\b{os.getpid()}\b", Path("/proc/locks").read_text()) is not None)
            os.unlink(path)
            Path(path).touch()
            fcntl.flock(old, fcntl.LOCK_UN)
            assert waiting.result(timeout=300) == os.stat(path).st_ino != os.fstat(old.fileno()).st_ino


def test_a_process_that_leaves_removes_its_own_socket_only(folder: Path) -> None:
    """Another has taken the name meanwhile."""
    path, other = str(folder / "a.sock"), folder / "other"
    other.touch()
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(path)
        server._remove_socket(path, os.stat(other))
        assert os.path.exists(path)
        server._remove_socket(path, os.stat(path))
    assert not os.path.exists(path)


def test_an_owner_is_a_pid_with_its_start() -> None:
    """The pid of another process, or of one that has ended and is not waited for, is no owner."""
    with subprocess.Popen(["sleep", "300"]) as process:
        name = owner_of(process.pid)
        descriptor = lifetime._open(name)
        assert descriptor is not None and not select.select([descriptor], [], [], 0)[0]
        assert lifetime._open(f"{process.pid}:1") is None
        process.kill()
        assert select.select([descriptor], [], [], 300)[0]  # before it is waited for
        os.close(descriptor)
        assert lifetime._open(name) is None
    with pytest.raises(ProcessLookupError, match=f"no process {process.pid} is running"):
        owner_of(process.pid)


def test_the_first_process_of_an_allocation_owns_what_is_warm_there() -> None:
    """Its successors there share it; the submitting process, another allocation and the dead own nothing."""
    with subprocess.Popen(["sleep", "300"]) as first, subprocess.Popen(["sleep", "300"]) as second:
        submitting = {"KBWF_OWNER": owner_of(os.getpid()), "SLURM_JOB_ID": "7"}
        owned = lifetime.owner_in(submitting, first.pid)
        assert owned == {"KBWF_OWNER": owner_of(first.pid), "KBWF_ALLOCATION": "7"}
        step = {**submitting, **owned}
        assert lifetime.owner_in(step, second.pid) == owned
        other = lifetime.owner_in({**step, "SLURM_JOB_ID": "8"}, second.pid)
        assert other == {"KBWF_OWNER": owner_of(second.pid), "KBWF_ALLOCATION": "8"}
        first.kill()
        first.wait()
        assert lifetime.owner_in(step, second.pid)["KBWF_OWNER"] == owner_of(second.pid)
        second.kill()
    assert not lifetime.is_running("") and not lifetime.is_running("1:x")


def test_outside_of_slurm_a_job_on_another_machine_owns_what_it_starts() -> None:
    """Other clusters name no allocation."""
    inherited = {"KBWF_OWNER": "4000000:1"}
    assert lifetime.owner_in(inherited, os.getpid()) == {"KBWF_OWNER": owner_of(os.getpid()), "KBWF_ALLOCATION": ""}


def test_whoever_finds_its_owner_gone_leaves_at_once() -> None:
    """With exit code 75: the work is not done."""
    script = "import time; from kbwf.warm.lifetime import leave_with; leave_with('4000000:1'); print('still here')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=PACKAGE.parent
    )
    assert (done.returncode, done.stdout) == (75, "")


def test_a_process_that_cannot_start_says_why(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """The end of its log is in the message; once it can start, it does."""
    (folder / "broken").touch()
    with pytest.raises(InfrastructureError, match=r"did not start; its log ends:\ncannot start: broken"):
        ask(owner)
    (folder / "broken").unlink()
    assert ask(owner)["answered"] == 1


def test_keys_in_the_environment_are_not_handed_on(
    folder: Path, owner: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is on the list, and a credential by its name."""
    for name in ("AWS_SECRET_ACCESS_KEY", "TINKER_API_KEY", "HF_TOKEN", "HF_HOME"):
        monkeypatch.setenv(name, "planted")
    seen = ask(owner)["environment"]
    planted = [name for name, value in seen.items() if value == "planted"]
    assert planted == ["HF_HOME"]
    assert set(seen) <= {*client.ENVIRONMENT, "LC_CTYPE"}  # Python sets this one itself
    reply = client.call("sample", {}, "c0de", owner_of(owner.pid), credentials=("HF_TOKEN",))
    assert reply["environment"]["HF_TOKEN"] == "planted" and "TINKER_API_KEY" not in reply["environment"]


def test_requests_and_replies_may_be_long(folder: Path, owner: subprocess.Popen[bytes]) -> None:
    """Three megabytes there, six back."""
    text = "ü" * 1_500_000
    assert ask(owner, do="big", text=text) == {"text": text * 2}


def test_frames_end_cleanly_or_not_at_all() -> None:
    """A closed connection gives None, in the middle of a message too."""
    for data in (b"", b"\0\0", (100).to_bytes(4, "big") + b"{"):
        ours, theirs = socket.socketpair()
        with ours:
            theirs.sendall(data)
            theirs.close()
            assert frames.receive_frame(ours) is None


def test_a_long_temporary_folder_does_not_make_a_path_no_socket_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets then lie in /tmp: 107 bytes are all that a socket's path may have."""
    monkeypatch.setenv("TMPDIR", "/scratch/" + "x" * 90)
    path = client._socket_path("evaluate", "c0de", "4000000:1")
    assert path.startswith("/tmp/kbwf-")
    assert len(f"{path}.4000000") <= 107


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it could answer in our place."""
    other = os.getuid() + 1
    os.mkdir(folder / f"kbwf-{other}")
    monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(InfrastructureError, match="belongs to another user"):
        client.runtime_dir()


def test_the_client_imports_nothing_heavy() -> None:
    """Thousands of jobs pay for these imports."""
    script = "import json, sys, kbwf.cli, kbwf.warm.client; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    heavy = {"numpy", "torch", "pydantic", "pandas", "transformers", "snakemake", "yaml", "asyncio", "logging"}
    assert not heavy & set(json.loads(done.stdout))
