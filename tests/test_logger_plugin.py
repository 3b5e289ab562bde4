"""The logger plugin: what is shown on a terminal and elsewhere, what it leaves on disk. Times are those of records."""

import contextlib
import io
import json
import logging
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

import snakemake_logger_plugin_kbwf as plugin


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class Run:
    """A handler, fed with what Snakemake would say."""

    def __init__(self, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "80")
        threads = types.SimpleNamespace(Event=threading.Event, RLock=threading.RLock)
        threads.Thread = lambda **_: types.SimpleNamespace(start=lambda: None)  # a test ticks itself
        monkeypatch.setattr(plugin, "threading", threads)
        common = dict.fromkeys(("dryrun", "verbose", "printshellcmds", "debug_dag", "stdout", "quiet"))
        status_file = settings.pop("status_file", None)
        common |= {"nocolor": True, "show_failed_logs": True, **settings}
        self.stream = stream
        self.handler = plugin.LogHandler(types.SimpleNamespace(**common), plugin.LogHandlerSettings(status_file))

    def say(self, at_s: float, message: str = "", level: int = logging.INFO, **values: Any) -> None:
        """One record."""
        record = logging.makeLogRecord({"msg": message, "levelno": level, "levelname": "INFO", **values})
        record.created = at_s
        self.handler.handle(record)

    def begin(self, at_s: float = 0.0, **stats: int) -> None:
        """The job counts."""
        self.say(at_s, event=LogEvent.RUN_INFO, stats={**stats, "total": sum(stats.values())})

    def job(self, job_id: int, from_s: float, to_s: float | None, rule: str = "freeze_task", **values: Any) -> None:
        """A job that takes so long, or that fails."""
        known = {"jobid": job_id, "rule_name": rule, "wildcards": {}, "output": [], "resources": {}, "input": []}
        shown = {"rule_msg": None, "conda_env": None, "container_img": None, "log": [], "shellcmd": "", "aux": {}}
        self.say(from_s, event=LogEvent.JOB_INFO, **{**known, **values})
        if to_s is None:
            self.say(from_s, "broken", logging.ERROR, event=LogEvent.JOB_ERROR, **{**known, **shown, **values})
        else:
            self.say(to_s, event=LogEvent.JOB_FINISHED, job_id=job_id)


def test_snakemake_finds_the_plugin() -> None:
    """By the name of its package."""
    assert LoggerPluginRegistry().is_installed("kbwf")


def test_without_a_terminal_a_line_is_written_when_a_stage_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, after the second of two jobs, and at the end: three lines, no control characters."""
    run = Run(io.StringIO(), monkeypatch)
    run.begin(freeze_task=2, make_report=5)
    run.job(1, 0.0, 1.0)
    run.job(2, 1.0, 2.0)
    run.handler.close()
    lines = run.stream.getvalue().splitlines()
    assert [line.partition(" jobs")[0] for line in lines] == ["0 of 7", "2 of 7", "2 of 7"]
    assert not set("\r\x1b") & set(run.stream.getvalue())


def test_without_a_terminal_a_line_is_written_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten jobs of 20 s: at 0, 60, 120 and 180 s."""
    run = Run(io.StringIO(), monkeypatch)
    run.begin(freeze_task=20)
    for job_id in range(10):
        run.job(job_id, job_id * 20.0, job_id * 20.0 + 20)
    lines = run.stream.getvalue().splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["0", "3", "6", "9"]


def test_on_a_terminal_one_line_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A carriage return before each state, at most 79 characters; the first line break comes with the end."""
    run = Run(Terminal(), monkeypatch)
    run.begin(freeze_task=2)
    run.job(1, 1.0, 2.0)
    run.job(2, 3.0, 4.0)
    drawn = run.stream.getvalue()
    assert "\n" not in drawn
    states = [state.removesuffix("\x1b[K") for state in drawn.split("\r")[1:]]
    assert states[0].startswith("0 of 2 jobs") and states[-1].startswith("2 of 2 jobs")
    assert max(map(len, states)) <= 79
    run.handler.close()
    assert run.stream.getvalue().count("\n") == 1


def test_what_a_person_need_not_see_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake's own chatter is in its log file; that there is nothing to do is news."""
    run = Run(io.StringIO(), monkeypatch)
    run.say(0.0, "Building DAG of jobs...")
    run.say(0.0, "Workflow defines that rule x is eligible for caching", logging.WARNING)
    assert run.stream.getvalue() == ""
    run.say(0.0, "Nothing to be done (all requested files are present and up to date).")
    run.say(0.0, "a real warning", logging.WARNING)
    assert run.stream.getvalue().splitlines() == [
        "Nothing to be done (all requested files are present and up to date).",
        "a real warning",
    ]


def test_a_failure_is_shown_with_its_log_and_the_eleventh_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of jobs may fail for one reason; ten say it."""
    log = tmp_path / "log"
    log.write_text("the reason\n")
    run = Run(io.StringIO(), monkeypatch)
    run.begin(freeze_task=20)
    for job_id in range(12):
        run.job(job_id, 1.0, None, log=[str(log)])
    shown = run.stream.getvalue()
    assert shown.count("the reason") == plugin.MAX_ERRORS_SHOWN
    assert shown.count("Error in rule freeze_task") == plugin.MAX_ERRORS_SHOWN
    assert "10 failures were shown; all others are in the log file only." in shown
    run.handler.close()
    assert "12 jobs LOST" in run.stream.getvalue().splitlines()[-1]


@pytest.mark.parametrize("asked", [{"dryrun": True}, {"verbose": True}, {"printshellcmds": True}])
def test_a_dry_run_and_whoever_asks_for_more_get_snakemake_s_own_messages(
    asked: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Job by job, and no line."""
    run = Run(io.StringIO(), monkeypatch, **asked)
    run.say(0.0, "Job stats: as Snakemake has them", event=LogEvent.RUN_INFO, stats={"freeze_task": 1, "total": 1})
    run.handler.close()
    assert run.stream.getvalue() == "Job stats: as Snakemake has them\n"


def test_the_status_file_follows_the_run_and_says_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every event, but always at the end; written whole, in a folder that need not exist."""
    path = tmp_path / "results" / "status.json"
    run = Run(io.StringIO(), monkeypatch, status_file=str(path))
    run.say(0.0, "Building DAG of jobs...")
    assert not path.exists()
    run.begin(freeze_task=2)
    run.job(1, 0.5, 1.0)
    assert json.loads(path.read_text())["jobs"]["done"] == 0
    run.job(2, 1.0, 3.0)
    said = json.loads(path.read_text())
    assert (said["state"], said["jobs"]["done"], said["schema_version"]) == ("running", 2, 1)
    run.handler.close()
    assert json.loads(path.read_text())["state"] == "finished"
    assert [each.name for each in path.parent.iterdir()] == ["status.json"]


def test_a_run_with_jobs_left_has_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two jobs failed."""
    path = tmp_path / "status.json"
    run = Run(io.StringIO(), monkeypatch, status_file=str(path))
    run.begin(freeze_task=2)
    run.job(1, 0.0, 1.0)
    run.job(2, 1.0, None)
    run.handler.close()
    said = json.loads(path.read_text())
    assert (said["state"], said["jobs"]["failed"]) == ("stopped", 1)


def test_the_status_file_is_written_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old one means that the run was killed. Without a terminal the line comes once a minute all the same."""
    path = tmp_path / "status.json"
    run = Run(io.StringIO(), monkeypatch, status_file=str(path))
    run.begin(freeze_task=2)
    run.say(0.0, event=LogEvent.JOB_INFO, jobid=1, rule_name="freeze_task", wildcards={}, output=[], resources={})
    written = []
    for at_s in range(1, 121):
        run.handler._pass(float(at_s))
        written.append(json.loads(path.read_text())["updated_s"])
    assert written == [float(at_s - at_s % 2) for at_s in range(1, 121)]
    assert [line.partition(" jobs")[0] for line in run.stream.getvalue().splitlines()] == ["0 of 2"] * 3
    run.handler.close()
    run.handler._pass(122.0)
    assert json.loads(path.read_text())["state"] == "stopped"


def test_the_last_state_is_the_last_that_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk keeps the other thread at a write: the end waits for it."""
    path = tmp_path / "status.json"
    run = Run(io.StringIO(), monkeypatch, status_file=str(path))
    run.begin(freeze_task=1)
    run.job(1, 0.5, 1.0)
    has_begun, may_end = threading.Event(), threading.Event()
    write_text = plugin.write_text

    def slowly(path: Path, text: str) -> None:
        if '"running"' in text:
            has_begun.set()
            assert may_end.wait(300)
        write_text(path, text)

    monkeypatch.setattr(plugin, "write_text", slowly)

    def tick() -> None:
        with run.handler.lock or contextlib.nullcontext():
            run.handler._pass(50.0)

    with ThreadPoolExecutor(2) as pool:
        ticking = pool.submit(tick)
        assert has_begun.wait(300)
        closing = pool.submit(run.handler.close)
        may_end.set()
        ticking.result(300)
        closing.result(300)
    assert json.loads(path.read_text())["state"] == "finished"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_where_nobody_reads_the_line_the_status_file_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    """`snakemake ... 2>&1 | head -n 1`."""

    class Broken(stream):  # type: ignore[misc,valid-type]
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    path = tmp_path / "status.json"
    run = Run(Broken(), monkeypatch, status_file=str(path))
    run.begin(freeze_task=2)
    run.job(1, 1.0, 2.0)
    for at_s in range(3, 70):
        run.handler._pass(float(at_s))
    assert json.loads(path.read_text())["jobs"]["done"] == 1
    run.handler.close()
    assert json.loads(path.read_text())["state"] == "stopped"


def test_a_run_that_was_refused_leaves_the_other_one_s_status_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had no jobs to count yet."""
    path = tmp_path / "status.json"
    path.write_text("another's")
    run = Run(io.StringIO(), monkeypatch, status_file=str(path))
    run.say(0.0, "another Snakemake is at work on results", logging.ERROR)
    run.handler._pass(5.0)
    run.handler.close()
    assert path.read_text() == "another's"


def test_a_status_file_that_cannot_be_written_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, without what steers a terminal, and the line goes on; nothing is left behind."""
    folder = tmp_path / "fi\x1ble"
    folder.touch()
    run = Run(io.StringIO(), monkeypatch, status_file=str(folder / "status.json"))
    run.begin(freeze_task=1)
    for at_s in range(1, 20):
        run.handler._pass(float(at_s))
    shown = run.stream.getvalue()
    assert shown.count("No status file: ") == 1
    assert r"fi\x1ble" in shown and "\x1b" not in shown
    assert "0 of 1 jobs" in shown
    assert list(tmp_path.iterdir()) == [folder]


def test_gpus_are_counted_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster's jobs wait in a queue of which we know nothing."""
    local, remote = Run(io.StringIO(), monkeypatch), Run(io.StringIO(), monkeypatch)
    remote.say(0.0, event=LogEvent.RESOURCES_INFO, nodes=4)
    for run in (local, remote):
        run.say(0.0, event=LogEvent.RESOURCES_INFO, provided_resources={"gpu": types.SimpleNamespace(value=2)})
    assert (local.handler._progress.num_gpus, remote.handler._progress.num_gpus) == (2, None)


def test_what_a_checkpoint_adds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake says how many jobs there are with each that is done."""
    run = Run(Terminal(), monkeypatch)
    run.begin(freeze_task=1)
    run.job(1, 1.0, 2.0)
    run.say(2.0, event=LogEvent.PROGRESS, done=1, total=4)
    run.job(2, 3.0, 4.0)
    assert "2 of 4 jobs (50 %)" in run.stream.getvalue()
    assert "Traceback" not in run.stream.getvalue()


def test_the_rule_files_say_which_jobs_a_checkpoint_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By rule, so that stages and the time left are known; while the DAG changes nobody can say, and the next asks."""
    answers: list[dict[str, int]] = [{"freeze_task": 1, "sample_chunk": 3}]

    def jobs_by_rule() -> dict[str, int]:
        if len(answers) == 1:
            answers.append({})
            raise RuntimeError("Set changed size during iteration")
        return answers[0]

    monkeypatch.setattr(plugin, "jobs_by_rule", jobs_by_rule)
    run = Run(Terminal(), monkeypatch)
    run.begin(freeze_task=1)
    run.job(1, 1.0, 2.0)
    run.say(2.0, event=LogEvent.PROGRESS, done=1, total=4)
    assert "sample" not in run.stream.getvalue()
    run.job(2, 3.0, 4.0, rule="sample_chunk")
    run.say(5.0, event=LogEvent.PROGRESS, done=2, total=4)
    assert "2 of 4 jobs (50 %)  sample_chunk 1/3" in run.stream.getvalue()
    assert "Traceback" not in run.stream.getvalue()


def test_what_the_sandbox_lacks_is_said_once_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first evaluation that says so."""
    run = Run(io.StringIO(), monkeypatch)
    run.begin(evaluate_kernel=3)
    for number, missing in enumerate([[], ["landlock (ENOSYS)"], ["landlock (ENOSYS)"]]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({"status": "wrong_values", "sandbox": {"applied": [], "missing": missing}}))
        run.job(number, number, number + 0.5, rule="evaluate_kernel", output=[str(path)])
    assert (
        run.stream.getvalue().count("This host gives kernels' sandbox no landlock (ENOSYS); `kbwf doctor` says how")
        == 1
    )
