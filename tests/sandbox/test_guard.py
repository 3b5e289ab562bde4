"""A candidate's processes: how they start, how they end, and what is left of them."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf.sandbox.confinement import Report
from kbwf.sandbox.defences import FIRST_HALF, SECOND_HALF, remedy
from tests.sandbox.enclosure import CHECKOUT, HOST_PERMITS_NAMESPACES, RIGHTS, enclose, has, run

NAMESPACES = ["user namespace", "net namespace", "ipc namespace", "uts namespace", "pid namespace", "mount namespace"]


@RIGHTS
def test_every_defence_is_either_applied_or_missing(rights: str) -> None:
    """In the order of the lists; what is left out of the record has no place in this candidate's sandbox."""
    _, report = run("say(0)", rights)
    names = list(dict.fromkeys(defence.name for defence in (*FIRST_HALF, *SECOND_HALF)))
    missing = [entry.partition(" (")[0] for entry in report.missing]
    assert sorted([*report.applied, *missing], key=names.index) == [
        name for name in names if name in report.applied or name in missing
    ]
    left_out = set(names) - set(report.applied) - set(missing)
    assert left_out <= {"user namespace", "no capabilities", "own user"}
    assert not {"own user", "no capabilities"} <= left_out
    assert all(remedy(entry) for entry in report.missing)


def test_a_defence_is_reported_with_the_reason_and_every_defence_has_a_remedy() -> None:
    """The error's name, or what it would have needed; no remedy for what is no defence."""

    def refuse() -> None:
        raise PermissionError(1, "no")

    report = Report().trying("first", lambda: None).trying("second", refuse).without("third", "no second")
    assert report == Report(("first",), ("second (EPERM)", "third (no second)"))
    assert report.has("first") and not report.has("second")
    assert all(remedy(f"{defence.name} (EPERM)") for defence in (*FIRST_HALF, *SECOND_HALF))
    assert remedy("first (EPERM)") == ""


@RIGHTS
@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("import os; os._exit(7)", 7),
        ("import os; os.abort()", 128 + signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", 128 + signal.SIGSEGV),
        ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL),
        ("1 / 0", 70),
        ("", 0),
    ],
    ids=["exit", "abort", "segfault", "kill", "raise", "end"],
)
def test_the_guard_ends_as_its_candidate_ended(rights: str, ending: str, code: int) -> None:
    """Exit codes as they are, 128 + n for signal n, also in a namespace."""
    with enclose(ending, rights) as enclosed:
        assert enclosed.end() == code


@RIGHTS
@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(-1, 9)", "wait()"], ids=["exits", "kills_all", "is_ended"])
def test_what_a_candidate_leaves_behind_is_gone_with_it(rights: str, ending: str) -> None:
    """Detached by a second fork and a session of its own, with a file of ours open; the file's end tells."""
    if "kill" in ending and not HOST_PERMITS_NAMESPACES:
        pytest.skip("without a PID namespace, kill(-1) would reach other processes of the user")
    leave = """
import os, signal
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (1, 2, 15):
            signal.signal(number, signal.SIG_IGN)
        say("left")
        os.write(write, b"left")
        while True:
            signal.pause()
    os._exit(0)
os.read(read, 4)
"""
    with enclose(leave + ending, rights) as enclosed:
        assert enclosed.said() == "left"
        if ending == "wait()":
            enclosed.control.end()
        with pytest.raises(EOFError):
            enclosed.said()
        assert enclosed.end() in (0, 128 + signal.SIGKILL)


def test_no_control_group_is_left_behind() -> None:
    """Those that the guard made are gone when it is."""
    with enclose("wait()") as enclosed:
        name = f"kbwf-{enclosed.process.pid}"
        found = list(Path("/sys/fs/cgroup").glob(f"**/{name}"))
        if has(enclosed.report, "freezer cgroup"):
            assert found
        enclosed.control.end()
        enclosed.end()
        assert not any(path.exists() for path in found)


REFUSE = """
from kbwf.sandbox import namespaces
allowed = {allowed}
unshare = namespaces.unshare
def refuse(kind):
    if kind not in allowed:
        raise PermissionError(1, "refused in this test")
    unshare(kind)
namespaces.unshare = refuse
"""
OTHERS_CAN_READ = """
from kbwf.sandbox import defences
defences.others_can_pass = lambda _: True
object.__setattr__(confinement, "others_can_read", True)
"""


@pytest.mark.parametrize(
    ("rights", "files"),
    [("all", ""), ("none", ""), ("none", OTHERS_CAN_READ)],
    ids=["all", "none", "none, files open to others"],
)
@pytest.mark.parametrize("allowed", [[], ["user", "pid"], ["user", "mount"]], ids=["nothing", "pid", "mount"])
def test_where_a_host_permits_less_the_rest_holds(rights: str, allowed: list[str], files: str, tmp_path: Path) -> None:
    """Python finds its modules, files that are not shown stay closed, and the warden does what it must.

    A root without capabilities, as in some containers, stays who it is, whoever could read its files.
    """
    (tmp_path / "key").write_text("kbwf-planted-key")
    program = f"""
import os, wave
def outcome(act, *arguments):
    try:
        act(*arguments)
    except OSError as error:
        return type(error).__name__
say([outcome(open, {str(tmp_path / "key")!r}), outcome(open, {str(Path.home() / "kbwf-written")!r}, "w")])
wait()
open(os.environ["HOME"] + "/own", "w").write("scratch")
say(os.getcwd())
wait()
"""
    with enclose(program, rights, REFUSE.format(allowed=allowed) + files) as enclosed:
        found = enclosed.said()
        assert has(enclosed.report, "net namespace") is False
        if has(enclosed.report, "own root") or has(enclosed.report, "landlock"):
            assert None not in found
        enclosed.control.freeze()
        enclosed.control.thaw()
        enclosed.tell()
        home = Path(enclosed.said())
        assert home.exists() is not has(enclosed.report, "own root") or home == Path("/tmp")
        enclosed.tell()
        assert enclosed.end() == 0
        assert home == Path("/tmp") or not home.exists()


@RIGHTS
def test_of_the_environment_only_a_few_names_are_handed_on(rights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is not among them; home and temporary folder are the candidate's own."""
    monkeypatch.setenv("HF_TOKEN", "kbwf-planted-key")
    found, _ = run("import os\nsay(dict(os.environ))", rights)
    assert found["HOME"] == found["TMPDIR"]
    assert found["HOME"] == "/tmp" if HOST_PERMITS_NAMESPACES else found["HOME"].startswith("/tmp/kbwf-")
    assert set(found) <= {
        "HOME", "TMPDIR", "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH",
        "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
    }  # fmt: skip


@RIGHTS
def test_a_candidate_is_alone_with_its_namespaces(rights: str) -> None:
    """Process 2 of its own, no interface but an unused loopback, no System V memory of others."""
    program = """
import os
say([os.getpid(), [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]],
     len(open("/proc/sysvipc/shm").readlines())])
"""
    (pid, interfaces, num_segments), report = run(program, rights)
    if has(report, "pid namespace"):
        assert pid == 2
    if has(report, "net namespace"):
        assert interfaces == ["lo"]
    if has(report, "ipc namespace"):
        assert num_segments == 1


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o755, 0o644), (0o750, 0o640), (0o700, 0o600)])
@RIGHTS
def test_a_checkout_in_closed_folders_works_whatever_the_umask(
    rights: str, folder_mode: int, file_mode: int, tmp_path: Path
) -> None:
    """A module that was not imported before is found; where others cannot read it, the candidate stays its owner."""
    checkout = tmp_path / "closed" / "also closed" / "checkout"
    shutil.copytree(CHECKOUT / "kbwf", checkout / "kbwf", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "tests" / "sandbox").mkdir(parents=True)
    shutil.copy(CHECKOUT / "tests" / "sandbox" / "enclosure.py", checkout / "tests" / "sandbox")
    for path in (checkout / "kbwf").rglob("*"):
        path.chmod(folder_mode if path.is_dir() else file_mode)
    (checkout / "kbwf").chmod(folder_mode)
    for folder in (checkout.parent, checkout.parent.parent):
        folder.chmod(0o700)
    program = "from kbwf.sandbox import channel\nimport os\nsay([channel.__file__, os.getuid()])"
    (file, uid), report = run(program, rights, checkout=checkout, umask=0o777 & ~folder_mode)
    assert file == str(checkout / "kbwf" / "sandbox" / "channel.py")
    if os.getuid() == 0 and rights == "all":
        assert has(report, "own user") is (file_mode == 0o644)
        assert (uid == 0) is (file_mode != 0o644)


@pytest.mark.parametrize("ends_first", [True, False])
def test_a_fork_whose_parent_ended_before_it_could_ask_for_a_signal_ends_too(ends_first: bool) -> None:
    """However late it comes to ask. One whose parent lives goes on."""
    program = f"""
import os, select, signal
from kbwf.sandbox.linux import end_with_parent
own = os.pidfd_open(os.getpid())
child = os.fork()
if child == 0:
    if {ends_first}:
        select.select([own], [], [])
    end_with_parent(signal.SIGKILL, own)
    print("alive", flush=True)
    os._exit(0)
if not {ends_first}:
    os.waitpid(child, 0)
os._exit(0)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("" if ends_first else "alive\n", "")
