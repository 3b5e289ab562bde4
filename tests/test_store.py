"""Records are written whole or not at all, and a wrong one names its file and line."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf.errors import InfrastructureError, RecordError
from kbwf.records import Evaluation, Record, Sample, Task
from kbwf.records.origin import Origin
from kbwf.store import read_record, read_records, write_record, write_records, write_text
from tests.builders import make_evaluation, make_sample, make_task


def test_writing_makes_folders_and_leaves_only_the_file(tmp_path: Path) -> None:
    """Missing parents are made; no temporary file stays beside the result."""
    path = tmp_path / "a" / "b" / "text"
    write_text(path, "ä\n")
    assert path.read_bytes() == "ä\n".encode()
    assert [found.name for found in path.parent.iterdir()] == ["text"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_a_written_file_is_what_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    """A temporary file's private mode does not stay, as results are shared; what shall be private is."""
    before = os.umask(umask)
    try:
        write_text(tmp_path / "text", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "text").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failing_write_keeps_the_old_file_and_leaves_no_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A full disk at either moment leaves what was there before."""
    path = tmp_path / "text"
    write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(InfrastructureError, match=r"text was not written, the disk is full .*`kbwf clean --dry-run`"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["text"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_folder_that_is_not_writable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    """Read-only, or another user's: no traceback, but the way out."""

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(
        RecordError, match=r"text cannot be written \(Permission denied\); make .* or run in another one"
    ):
        write_text(tmp_path / "text", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    """The same, for real."""
    (tmp_path / "results").touch()
    with pytest.raises(RecordError, match=r"results/a cannot be written \(File exists|Not a directory\)"):
        write_text(tmp_path / "results" / "a", "new")


def test_an_interrupt_while_writing_leaves_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no Exception, and is cleaned up after all the same."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "text", "new")
    assert list(tmp_path.iterdir()) == []


def test_records_whose_iteration_fails_are_not_written_in_part(tmp_path: Path) -> None:
    """If the second record cannot be made, the file of the first does not appear."""

    def samples() -> Iterator[Record]:
        yield make_sample(0)
        raise RuntimeError("second sample")

    with pytest.raises(RuntimeError, match="second sample"):
        write_records(tmp_path / "samples.jsonl", samples())
    assert list(tmp_path.iterdir()) == []


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """One record, with quotes, backslashes and line breaks in its text."""
    task = make_task()
    write_record(tmp_path / "task.json", task)
    assert read_record(tmp_path / "task.json", Task) == task
    assert (tmp_path / "task.json").read_text().count("\n") == 1


def test_records_keep_their_order_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    """JSON lines are read in order; an empty line is no record."""
    samples = [make_sample(index) for index in (2, 0, 1)]
    path = tmp_path / "samples.jsonl"
    write_records(path, samples)
    path.write_text(path.read_text().replace("\n", "\n\n"))
    assert read_records(path, Sample) == samples


def test_unusual_line_breaks_inside_a_text_are_no_line_ends(tmp_path: Path) -> None:
    """A response may hold any character, those that Python's `splitlines` splits at among them."""
    breaks = "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\r\nj\rk\nl"
    sample = make_sample().model_copy(update={"response": breaks})
    write_records(tmp_path / "samples.jsonl", [sample, sample])
    assert read_records(tmp_path / "samples.jsonl", Sample) == [sample, sample]


def test_half_a_character_from_a_kernel_is_kept(tmp_path: Path) -> None:
    """A kernel may raise an error whose text is no valid Unicode; its evaluation can be written all the same."""
    evaluation = make_evaluation().model_copy(update={"message": "ValueError: \ud800"})
    write_record(tmp_path / "evaluation.json", evaluation)
    assert read_record(tmp_path / "evaluation.json", Evaluation) == evaluation


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the path and what to do."""
    with pytest.raises(RecordError, match=r"absent\.json does not exist; run the workflow"):
        read_record(tmp_path / "absent.json", Task)


def test_a_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    """Of three lines the second is cut short: the message says file and line."""
    path = tmp_path / "samples.jsonl"
    write_records(path, [make_sample(index) for index in range(3)])
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join([first, second[:40], third]))
    with pytest.raises(RecordError, match=r"samples\.jsonl:2: no JSON"):
        read_records(path, Sample)


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    """A record of the future is not half understood."""
    path = tmp_path / "task.json"
    write_record(path, make_task())
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(RecordError, match="Task has schema version 2, this release reads 1"):
        read_record(path, Task)


def test_a_record_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A sample is no task: the message names the file, the first field that is missing, and the way out."""
    write_record(tmp_path / "sample.json", make_sample())
    with pytest.raises(RecordError, match=r"(?s)sample\.json: not a valid Task.*level.*remove the file and run"):
        read_record(tmp_path / "sample.json", Task)


def test_json_that_is_no_object_is_refused(tmp_path: Path) -> None:
    """A list is valid JSON and no record."""
    (tmp_path / "task.json").write_text("[1, 2]")
    with pytest.raises(RecordError, match="expected a JSON object, got list"):
        read_record(tmp_path / "task.json", Task)


def test_half_a_character_in_a_text_becomes_an_escape(tmp_path: Path) -> None:
    """It has no UTF-8: a kernel that holds it is written all the same."""
    write_text(tmp_path / "a.py", "# \ud800é\n")
    assert (tmp_path / "a.py").read_bytes() == b"# \\ud800\xc3\xa9\n"


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"{"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    """No UTF-8, no end of brackets, a number of 5000 digits, half a record."""
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(RecordError, match=r"a\.json.*remove the file and run the workflow again"):
        read_record(tmp_path / "a.json", Origin)


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    """It cannot be read."""
    with pytest.raises(RecordError, match="cannot be read"):
        read_record(tmp_path, Origin)
