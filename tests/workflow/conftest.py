"""A copy of the project that workflow tests may run, edit and kill."""

import contextlib
import copy
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf.store import UNFINISHED
from tests.conditions import wait_until

REPOSITORY = Path(__file__).parents[2]

NAMES = (
    "kbwf",
    "snakemake_logger_plugin_kbwf",
    "rules",
    "workflow",
    "profiles",
    "Snakefile",
    "config.yaml",
    "README.md",
)

TINY_STUDY = """
tasks: {subset: [1, 13]}
sampling: {num_samples: 4, chunk_size: 2, seeds: [0], temperature: 1.0, max_tokens: 24}
identity: {num_samples: 4}
evaluation: {mode: fast, timeout_s: 60, num_identity_pairs: 2}
report: {num_resamples: 200}
demo: {num_steps: 2}
runs:
  - {name: ttt, method: grpo, tasks: [13], num_steps: 1, rollouts_per_task: 2, entropy_coefficient: 0.01}
"""


class Project:
    """The project in a folder of its own, with its own package, results and Snakemake memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: tuple[int, str] = (0, "")
        """Exit code and output of a run that was started while another was at work."""
        self.survivors: dict[Path, tuple[int, int]] = {}
        """Evaluations that were there when the first run was killed, and what identifies their files."""
        self.leftovers: set[Path] = set()
        """What that kill left of a write, as kills do."""
        for name in NAMES:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        self.study("tiny.yaml", TINY_STUDY)

    def copy(self, folder: Path) -> "Project":
        """Another one with all that this one has made."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = copy.copy(self)
        other.folder = folder
        return other

    def study(self, name: str, text: str) -> Path:
        """Write a configuration file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, *arguments: str, studies: tuple[str, ...] = ("tiny.yaml",)) -> subprocess.Popen[str]:
        """Start Snakemake as a user would, on this copy of the package."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        command = [str(Path(sys.executable).parent / "snakemake"), *arguments, "--cores", "all", "--resources", "gpu=1"]
        if studies:
            command += ["--configfile", *studies]
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str, studies: tuple[str, ...] = ("tiny.yaml",)) -> tuple[int, str]:
        """Run Snakemake to its end; exit code and output."""
        process = self.start(*arguments, studies=studies)
        output, _ = process.communicate(timeout=800)
        return process.returncode, output

    def processes(self) -> list[str]:
        """Command lines of all processes that work in this folder."""
        found = []
        for pid in self.pids():
            with contextlib.suppress(OSError):  # ended while we looked
                found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " "))
        return found

    def pids(self) -> list[int]:
        """The processes that work in this folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # ended while we looked, or another user's
                if Path(os.readlink(path / "cwd")).is_relative_to(self.folder):
                    found.append(int(path.name))
        return found

    def hidden(self) -> set[Path]:
        """Files of the results that a listing does not show."""
        return set((self.folder / "results").rglob(".*"))

    def planned(self, *arguments: str, studies: tuple[str, ...] = ("tiny.yaml",)) -> dict[str, int]:
        """Jobs that a dry run would start, by rule, without `all`."""
        code, output = self.run(*arguments, "--dry-run", "--quiet", "rules", studies=studies)
        assert code == 0, output
        table = output.partition("Job stats:")[2].partition("Reasons:")[0]
        counts = dict(re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE))
        return {rule: int(count) for rule, count in counts.items() if rule not in ("all", "total")}

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a piece of text in one of the project's files; the piece must be there."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))


def identity_of(path: Path) -> tuple[int, int]:
    """Changes when a file is written anew."""
    return path.stat().st_ino, path.stat().st_mtime_ns


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy, nothing run yet."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which the tiny study has run once. Tests may add to it, but leave its sources as they were.

    It did not run through: while it was at work a second run was started, and after some evaluations it was killed.
    """
    project = Project(tmp_path_factory.mktemp("finished"))
    process = project.start()
    lock, evaluations = project.folder / "results/.lock", project.folder / "results/evals"
    wait_until(lambda: lock.exists() or process.poll() is not None)
    project.refused = project.run("results/report/index.html")
    wait_until(lambda: len(list(evaluations.rglob("*.json"))) >= 4 or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0][-4000:]
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not project.processes())  # the job that was running may still finish its write
    project.leftovers = {path for path in project.hidden() if UNFINISHED.fullmatch(path.name)}
    written = sorted(evaluations.rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    project.survivors = {path: identity_of(path) for path in written[:-1]}
    code, output = project.run()
    assert code == 0, output[-4000:]
    return project
