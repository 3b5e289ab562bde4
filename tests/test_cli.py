"""The command line: verbs, exit codes, messages."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf import evaluation_store
from kbwf.cli import _parser, main
from kbwf.records import Calibration, EvalStatus, Evaluation, Split, Task
from kbwf.store import read_record, write_record, write_records
from kbwf.warm.lifetime import owner_of
from tests.builders import make_task
from tests.judge.problems import FAST, HONEST_FORWARD, HONEST_KERNEL, sample_of, task_of
from tests.policies.fake_server import Reply, serving
from tests.test_evaluation_store import CONDITIONS, passed

ROOT = Path(__file__).parents[1]
VERBS = (
    "split", "task", "calibrate", "demo-policy", "policy", "sample", "evaluate", "confirm", "score", "select", "best",
    "report", "adapt", "probe", "checkpoint", "summary", "plan", "compare", "doctor", "cache", "clean", "docs",
    "oracle", "attack", "serve",
)  # fmt: skip


def kbwf(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person or a rule would."""
    return subprocess.run(
        [sys.executable, "-m", "kbwf", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder with a short path, for sockets."""
    path = Path(tempfile.mkdtemp(prefix="kbwf-test-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` ends with 0 and names the verb."""
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    assert f"usage: kbwf {verb}" in capsys.readouterr().out


def test_the_verbs_of_the_help_are_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """None is missing in this test."""
    help_text = _parser([]).format_help()
    listed = [line.split()[0] for line in help_text.splitlines() if line.startswith("    ") and line[4] != " "]
    assert sorted(listed) == sorted(VERBS)


def test_the_store_is_looked_into_checked_and_made_smaller(tmp_path: Path) -> None:
    """`cache` says what it found, ends with 5 where something is wrong, and is silent when asked to be."""
    evaluation_store.keep(tmp_path, CONDITIONS, passed())
    (tmp_path / f"{'0' * 64}.json").write_text("{")
    assert kbwf("cache", "info", "--store", tmp_path).stdout.startswith(f"{tmp_path}: 2 entries")
    unsound = kbwf("cache", "verify", "--store", tmp_path)
    assert (unsound.returncode, unsound.stdout) == (5, "")
    assert "no JSON" in unsound.stderr
    quiet = kbwf("cache", "prune", "--max-mb", "0", "--quiet", KBWF_STORE=str(tmp_path))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    assert kbwf("cache", "info", "--store", tmp_path / "nowhere").returncode == 5


def test_what_can_go_is_said_before_it_goes(tmp_path: Path) -> None:
    """`clean --dry-run`, then `clean`."""
    (tmp_path / "results/logs").mkdir(parents=True)
    (tmp_path / "results/logs/a.log").write_text("x")
    (tmp_path / "results/.lock").touch()
    assert kbwf("clean", "--dry-run", "--results", tmp_path / "results").stdout.startswith("would remove 1 B:")
    assert (tmp_path / "results/logs/a.log").exists()
    assert kbwf("clean", "--results", tmp_path / "results").stdout.startswith("removed 1 B:")
    assert not (tmp_path / "results/logs").exists()


def test_an_unknown_verb_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with the usage."""
    with pytest.raises(SystemExit) as caught:
        main(["optimise"])
    assert caught.value.code == 2
    assert "usage: kbwf" in capsys.readouterr().err


def test_split_and_task_write_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bundled suite's split and one of its tasks; what was written is said."""
    assert main(["split", '{"split_seed": 7}', "--output", str(tmp_path / "split.json")]) == 0
    split = read_record(tmp_path / "split.json", Split)
    assert (split.level, split.split_seed) == (0, 7)
    assert f"{len(split.train_ids)} train and {len(split.eval_ids)} eval tasks" in capsys.readouterr().out
    assert main(["task", "{}", "l0_p006", "--output", str(tmp_path / "task.json")]) == 0
    assert read_record(tmp_path / "task.json", Task).name == "RMS_norm"
    assert "l0_p006 RMS_norm" in capsys.readouterr().out


WHERE = ("--output", "x.json", "--store", "s")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["task", "{}", "l0_p999", "--output", "x.json"], 3, "999"),
        (["evaluate", "l0_p001", "missing.py"], 1, "missing.py is no file; give a Python file that defines ModelNew"),
        (["evaluate", "l0_p001", "latin.py"], 1, "latin.py is no text in UTF-8"),
        (["evaluate", "nothing", "kernel.py"], 3, "'nothing' is no task record"),
        (["evaluate", "missing.py", "kernel.py"], 3, "missing.py is no file"),
        (["evaluate", "l0_p001", "c.jsonl", "--job", "a", "", "", "x", *WHERE], 1, "--job takes"),
        (["evaluate", "l0_p001", "c.jsonl", "--job", "0", "{", "", "x", *WHERE], 1, "--job takes"),
        (["evaluate", "\u00b2_x.py", "kernel.py"], 3, "\u00b2_x.py does not define class Model"),
        (["evaluate", "exits.py", "kernel.py"], 3, "exits.py does not define class Model"),
        (["evaluate", "missing.json", "kernel.py"], 5, "missing.json does not exist"),
        (["evaluate", "broken.json", "kernel.py"], 5, "broken.json: no JSON"),
        (["evaluate", "l0_p001", "kernel.py", "--settings", '{"mode": "fats"}'], 2, "evaluation.mode"),
        (["evaluate", "l0_p001", "kernel.py", "--settings", '{"mod": "fast"}'], 2, "evaluation.mod: unknown key"),
        (["evaluate", "l0_p001", "kernel.py", "--settings", "fast"], 2, "--settings is no JSON"),
        (["evaluate", "l0_p001", "kernel.py", "--settings", '{"mode": "fast", "mode": "full"}'], 2, "'mode' twice"),
        (["evaluate", "l0_p001", "kernel.py", "--job", "0", "", "", ""], 1, "--job is for a sample of a chunk"),
        (["evaluate", "l0_p001", "kernel.py", "--settings", '{"num_threads": 99999, "device": "cpu"}'], 2, "is 99999"),
        (["evaluate", "l0_p001", "chunk.jsonl"], 1, "needs --job, --store and --output"),
        (["score", "--samples", "no.jsonl", "--evaluations", "no.json", "--output", "x.json"], 5, "no.jsonl does not"),
    ],
)  # fmt: skip
def test_an_error_is_its_exit_code_and_a_message_without_a_traceback(
    arguments: list[str], exit_code: int, message: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """On standard error, with the verb before it; nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("kernel.py").write_text(HONEST_KERNEL)
    Path("latin.py").write_bytes(b"# \xe9t\xe9\n")
    Path("broken.json").write_text("{")
    Path("\u00b2_x.py").write_text("")
    Path("exits.py").write_text("import sys\nsys.exit(0)\n")
    assert main(arguments) == exit_code
    out, err = capsys.readouterr()
    assert err.startswith(f"kbwf {arguments[0]}: ") and message in err
    assert "Traceback" not in err and out == ""
    assert not Path("x.json").exists()


def test_a_kernel_can_be_judged_by_hand(tmp_path: Path) -> None:
    """Figures on standard output, the record where it was asked for, with `--json` there too; a kernel that fails is a
    result, exit code 0.

    On a machine with much else to do the first one's times may not be believed, which its line then says.
    """
    kernel, settings = tmp_path / "kernel.py", '{"mode": "fast", "device": "cpu"}'
    kernel.write_text("class ModelNew(Model):\n    pass\n")
    done = kbwf("evaluate", "l0_p001", kernel, "--settings", settings, "--output", tmp_path / "out.json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    status = read_record(tmp_path / "out.json", Evaluation).status
    assert status in (EvalStatus.PASSED, EvalStatus.FLAGGED)
    assert lines[0].startswith("l0_p001 Diagonal_matmul on cpu: ") and lines[1].startswith(f"{status.value}: ")
    assert lines[2].startswith("correct in 1 of 1 trials, tolerance 0.0001; in ")
    kernel.write_text("class ModelNew(Model):\n    def forward(self, d, A):\n        return A + 1\n")
    done = kbwf("evaluate", "l0_p001", kernel, "--settings", settings, "--json", "--output", tmp_path / "out.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / "out.json").read_text()
    assert Evaluation.from_json(done.stdout, "standard output").status == EvalStatus.WRONG_VALUES


CLOSING = """import os, sys
os.closerange(0, 3)
os.execv(sys.executable, [sys.executable, "-m", "kbwf", *sys.argv[1:]])
"""


def test_a_kernel_is_judged_without_standard_input_or_output(tmp_path: Path) -> None:
    """Sockets and files of the judge would get their numbers otherwise."""
    (tmp_path / "kernel.py").write_text("class ModelNew(Model):\n    def forward(self, d, A):\n        return A + 1\n")
    arguments = ["evaluate", "l0_p001", "kernel.py", "--settings", json.dumps(FAST.model_dump(mode="json"))]
    done = subprocess.run(
        [sys.executable, "-c", CLOSING, *arguments, "--output", "out.json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert read_record(tmp_path / "out.json", Evaluation).status == EvalStatus.WRONG_VALUES


@pytest.mark.parametrize(
    "arguments", [("clean", "--help"), ("cache", "info", "--store", "tests")], ids=["help", "verb"]
)
def test_a_reader_that_goes_away_is_no_fault(arguments: tuple[str, ...]) -> None:
    """As of `kbwf … | head -1`: no traceback, and the exit code of a program that SIGPIPE ended."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "kbwf", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_output_that_cannot_be_written_is_a_sentence() -> None:
    """A full disk."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "kbwf", "clean", "--help"]
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "kbwf: standard output cannot be written to (No space left on device)\n",
    )


def test_python_may_leave_docstrings_out(tmp_path: Path) -> None:
    """Help needs none of them; documents are made of them, and say so."""
    assert kbwf("evaluate", "--help", PYTHONOPTIMIZE="2").returncode == 0
    done = kbwf("docs", tmp_path, PYTHONOPTIMIZE="2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "which PYTHONOPTIMIZE=2 leaves out" in done.stderr


def test_samples_of_a_chunk_are_judged_by_one_warm_process(short_folder: Path) -> None:
    """Two jobs of one owner: the second finds the task's bench ready; an error of the process arrives as one."""
    calibration = Calibration(task=task_of(), mode="fast")
    write_record(short_folder / "task.json", calibration)
    samples = [sample_of(HONEST_FORWARD + " + 1", sample_idx=0), sample_of("return x.clone()", sample_idx=1)]
    write_records(short_folder / "chunk.jsonl", samples)
    arguments = [
        "evaluate", short_folder / "task.json", short_folder / "chunk.jsonl", "--store", short_folder / "store",
    ]  # fmt: skip
    blocks = (FAST.to_constant(), "{}", "c0de")  # with and without outer braces
    with subprocess.Popen(["sleep", "300"]) as owner:
        environment = {"TMPDIR": str(short_folder), "KBWF_OWNER": owner_of(owner.pid)}
        jobs = [
            kbwf(*arguments, "--output", short_folder / f"{idx}.json", "--job", idx, *blocks, **environment)
            for idx in (0, 1, 2)
        ]
        owner.kill()
    assert [job.returncode for job in jobs] == [0, 0, 5]
    assert jobs[0].stdout.startswith("wrong_values: ") and jobs[1].stdout.startswith("wrong_shape: ")
    assert "holds samples [0, 1], not 2" in jobs[2].stderr and "Traceback" not in jobs[2].stderr
    first, second = (read_record(short_folder / f"{idx}.json", Evaluation) for idx in (0, 1))
    assert "prepare_task" in first.seconds_s and "prepare_task" not in second.seconds_s
    assert not (short_folder / "2.json").exists()


def test_the_task_s_record_is_what_a_job_is_given(tmp_path: Path) -> None:
    """A record frozen from elsewhere is judged by its own text."""
    write_record(tmp_path / "task.json", make_task())
    (tmp_path / "kernel.py").write_text("class ModelNew(Model):\n    pass\n")
    settings = json.dumps(FAST.model_dump(mode="json"))
    done = kbwf("evaluate", tmp_path / "task.json", tmp_path / "kernel.py", "--settings", settings)
    assert done.stdout.startswith("l0_p001 Scaled_sum on cpu: "), done.stdout + done.stderr


def test_the_log_shows_neither_keys_nor_what_steers_a_terminal(tmp_path: Path) -> None:
    """A server is busy at first, and echoes the key in words that would set the terminal's title."""

    def answer(path, body, number):
        busy = Reply("\x1b]0;sk-planted\x07", 429, {"Retry-After": "0"})
        return busy if not number else Reply({"data": [{"id": "m"}]})

    settings = {"backend": "openai", "model": "m", "logprobs_temperature": "one"}
    with serving(answer) as fake:
        arguments = ["policy", "base", "openai", json.dumps(settings), "{}", "--access"]
        arguments += [json.dumps({"base_url": fake.url}), "--output", str(tmp_path / "checkpoint.json")]
        done = kbwf(*arguments, OPENAI_API_KEY="sk-planted")
    assert done.returncode == 0
    assert r"answered 429: \x1b]0;[key]\x07; trying again" in done.stderr


def test_a_wrong_key_stops_the_study_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4, no checkpoint, and the key is not shown although the server echoes it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    monkeypatch.delenv("KBWF_OWNER", raising=False)
    settings = {"backend": "openai", "model": "m", "logprobs_temperature": "one"}
    with serving(lambda path, body, number: Reply({"error": "sk-planted is wrong"}, 401)) as fake:
        arguments = ["policy", "base", "openai", json.dumps(settings), "{}", "--access"]
        code = main([*arguments, json.dumps({"base_url": fake.url}), "--output", str(tmp_path / "checkpoint.json")])
    shown = capsys.readouterr()
    assert code == 4 and not (tmp_path / "checkpoint.json").exists()
    assert "set OPENAI_API_KEY in the environment or in a file .env" in shown.err
    assert "sk-planted" not in shown.err + shown.out
