"""Landlock by itself, in a process that has no other bounds."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.sandbox.enclosure import CHECKOUT

SCRIPT = """
import ctypes, os, signal, socket, sys
from kbwf.sandbox import identity, landlock
shown, scratch, hidden, name, pid = sys.argv[1:]
identity.forbid_new_privileges()
try:
    version = landlock.syscall("landlock_create_ruleset", None, 0, 1)
    landlock.restrict([shown, sys.prefix, sys.base_prefix, "/nowhere"], [scratch])
except OSError:
    print("absent")
    sys.exit()
def outcome(act, *arguments):
    try:
        act(*arguments)
        return "done"
    except OSError as error:
        return error.strerror
print(outcome(open, shown + "/file"), outcome(open, shown + "/file", "a"), outcome(open, hidden + "/file"),
      outcome(os.listdir, hidden), outcome(open, scratch + "/new", "w"), outcome(os.truncate, shown + "/file", 0),
      outcome(open, "/dev/null", "w"), sep=", ")
connect = outcome(socket.socket(socket.AF_UNIX).connect, "\\0" + name)
print(version >= 6, connect, outcome(os.kill, int(pid), 0), sep=", ")
"""


def test_only_what_is_shown_can_be_read_and_only_scratch_folders_be_written(tmp_path: Path) -> None:
    """Whoever runs it, root too; where the kernel is new enough, no signal and no abstract socket goes outside."""
    for name in ("shown", "scratch", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0kbwf-landlock-{os.getpid()}")
        server.listen()
        folders = [str(tmp_path / name) for name in ("shown", "scratch", "hidden")]
        command = [sys.executable, "-c", SCRIPT, *folders, f"kbwf-landlock-{os.getpid()}", str(os.getpid())]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)
    if done.stdout == "absent\n":
        return
    files, others = done.stdout.splitlines()
    denied = "Permission denied"
    assert files == ", ".join(["done", denied, denied, denied, "done", denied, "done"])
    refused = "Operation not permitted"
    assert others == (f"True, {refused}, {refused}" if others.startswith("True") else "False, done, done")
    assert (tmp_path / "shown" / "file").read_text() == "shown"
