"""Linux calls, each tried in a process of its own."""

import subprocess
import sys
from pathlib import Path

from kbwf.sandbox.namespaces import CLONE_FLAGS

ROOT = Path(__file__).parents[2]

ENTER = """
import os, sys
from kbwf.sandbox import namespaces
try:
    if os.getuid():
        namespaces.become_root_of_user_namespace()
    namespaces.unshare("mount")
except OSError as error:
    print("forbidden")
    sys.exit()
namespaces.make_mounts_private()
"""
FORBIDDEN = "forbidden\n"
"""What the scripts print where the host permits no namespaces, which the record of every evaluation then says."""


def run(script: str, *arguments: str) -> str:
    """Standard output of a script."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_hiding_covers_a_folder_and_puts_what_is_kept_back(tmp_path: Path) -> None:
    """Of three entries only the kept one is left, with its content; a hidden folder in a hidden one is no trouble."""
    for name in ("kept", "secret", "inner"):
        (tmp_path / "hidden" / name).mkdir(parents=True)
        (tmp_path / "hidden" / name / "file").write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "hidden")
    script = (
        ENTER
        + """
folder = sys.argv[1]
namespaces.hide([folder + "/link", folder + "/hidden/inner", folder + "/hidden", folder + "/nowhere"],
                [folder + "/hidden/kept", folder + "/hidden/kept/deeper", folder + "/nothing"])
print(os.listdir(folder + "/hidden"), open(folder + "/hidden/kept/file").read(), sorted(os.listdir(folder)))
"""
    )
    assert run(script, str(tmp_path)) in ("['kept'] kept ['hidden', 'link']\n", FORBIDDEN)
    assert sorted(path.name for path in (tmp_path / "hidden").iterdir()) == ["inner", "kept", "secret"]


def test_files_become_read_only_but_for_the_private_temporary_folder(tmp_path: Path) -> None:
    """A write beside the package fails, also in what was put back below /tmp; one into /tmp itself works."""
    (tmp_path / "kept").mkdir()
    script = (
        ENTER
        + """
namespaces.hide(["/tmp"], [sys.argv[1] + "/kept"])
namespaces.make_read_only()
outside = "/var" if os.getcwd().startswith("/tmp") else os.getcwd()  # in /tmp, the checkout itself is hidden
for folder in (outside, sys.argv[1] + "/kept", "/tmp"):
    try:
        open(folder + "/kbwf-written", "w").close()
        print("written", end=" ")
    except OSError as error:
        print(error.strerror, end=" ")
"""
    )
    found = run(script, str(tmp_path))
    if tmp_path.is_relative_to("/tmp"):
        assert found in ("Read-only file system Read-only file system written ", FORBIDDEN)
    assert not (ROOT / "kbwf-written").exists() and not (tmp_path / "kept" / "kbwf-written").exists()


def test_without_capabilities_a_mount_cannot_be_taken_away(tmp_path: Path) -> None:
    """The very process that hid a folder cannot uncover it again, nor can a program it starts."""
    (tmp_path / "key").write_text("planted")
    script = (
        ENTER
        + """
import ctypes, subprocess
namespaces.hide([sys.argv[1]], [])
namespaces.drop_capabilities()
namespaces.forbid_new_privileges()
print(ctypes.CDLL(None).umount2(sys.argv[1].encode(), 2), os.listdir(sys.argv[1]), end=" ")
child = "import ctypes, sys; print(ctypes.CDLL(None).umount2(sys.argv[1].encode(), 2))"
print(subprocess.run([sys.executable, "-c", child, sys.argv[1]], capture_output=True, text=True).stdout.strip())
"""
    )
    assert run(script, str(tmp_path)) in ("-1 [] -1\n", FORBIDDEN)


def test_every_kind_of_namespace_is_another_flag() -> None:
    """One bit each, none twice."""
    assert all(flag & (flag - 1) == 0 for flag in CLONE_FLAGS.values())
    assert len(set(CLONE_FLAGS.values())) == len(CLONE_FLAGS) == 6
