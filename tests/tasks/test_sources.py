"""Where tasks come from."""

import json
import subprocess
from pathlib import Path

import datasets  # type: ignore[import-untyped]
import pytest

from kbwf.errors import ConfigError, TaskError
from kbwf.records import Task
from kbwf.settings import TaskSettings
from kbwf.tasks import sources
from kbwf.tasks.prompts import forward_arguments
from kbwf.tasks.sources import list_problem_ids, load_task, read_source, source_revision
from kbwf.tasks.suite import load_suite

PROBLEM = """import torch
import torch.nn as nn


class Model(nn.Module):
    def forward(self, x):
        return x * 2


def get_inputs():
    return [torch.rand(3)]


def get_init_inputs():
    return []
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder laid out like KernelBench, with two problems in level 1."""
    level = tmp_path / "checkout" / "KernelBench" / "level1"
    level.mkdir(parents=True)
    (level / "3_Twice.py").write_text(PROBLEM)
    (level / "12_Twice_again_.py").write_text(PROBLEM)
    return tmp_path / "checkout"


@pytest.fixture
def data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local data set with the columns of KernelBench's, in place of the real one."""
    folder = tmp_path / "data_set"
    folder.mkdir()
    rows = [
        {"code": PROBLEM, "level": 1, "name": name, "problem_id": problem_id}
        for problem_id, name in ((12, "12_Twice_again_"), (3, "3_Twice"))
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = "configs:\n- config_name: default\n  data_files:\n  - split: level_1\n    path: rows.jsonl\n"
    (folder / "README.md").write_text(f"---\n{config}---\n")
    monkeypatch.setattr(sources, "HUGGINGFACE_DATA_SET", str(folder))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git with an author of its own."""
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_bundled_tasks_carry_what_inputs_they_admit() -> None:
    """`admits` comes from suite.yaml, the revision names package and content."""
    task = load_task(TaskSettings(), 13)
    assert (task.task_id, task.name, task.source) == ("l0_p013", "Cross_entropy", "bundled")
    assert task.admits == load_suite()[13].admits
    assert task.admits is not None
    assert task.admits[1] == ()
    assert task.revision == source_revision(TaskSettings())
    assert task.revision.startswith("kbwf ")
    assert Task.from_json(task.to_json(), "test") == task


def test_directory_and_data_set_give_the_same_task(checkout: Path, data_set: Path) -> None:
    """Only source differs: id, name, text and hash are equal."""
    ours = load_task(TaskSettings(source="directory", level=1, path=checkout), 12)
    theirs = load_task(TaskSettings(source="huggingface", level=1), 12)
    assert ours.name == "Twice_again"
    assert ours.admits is None
    assert ours.model_copy(update={"source": "huggingface"}) == theirs


def test_a_number_may_have_zeros_before_it(checkout: Path) -> None:
    """`001_Name.py` is problem 1; two files that mean one number are told, and so is a number that there is not."""
    level = checkout / "KernelBench" / "level1"
    (level / "001_Name.py").write_text(PROBLEM)
    tasks = TaskSettings(source="directory", level=1, path=checkout)
    assert list_problem_ids(tasks) == (1, 3, 12)
    assert (load_task(tasks, 1).task_id, load_task(tasks, 1).name) == ("l1_p001", "Name")
    (level / "01_Other.py").write_text(PROBLEM)
    with pytest.raises(ConfigError, match=r"001_Name.py and 01_Other.py both claim problem id 1; rename one"):
        list_problem_ids(tasks)
    (level / "01_Other.py").rename(level / "00_Other.py")
    with pytest.raises(ConfigError, match=r"00_Other.py claims problem id 0; ids begin with 1"):
        list_problem_ids(tasks)
    (level / "00_Other.py").rename(level / "7-Other.py")
    with pytest.raises(ConfigError, match=r"7-Other.py is not named like a problem's file, 12_Name.py"):
        list_problem_ids(tasks)
    (level / "7-Other.py").rename(level / "helpers.py")
    assert list_problem_ids(tasks) == (1, 3, 12)


def test_data_set_is_listed_in_ascending_order(data_set: Path) -> None:
    """Rows come in any order."""
    assert list_problem_ids(TaskSettings(source="huggingface", level=1)) == (3, 12)


def test_unknown_problem_names_id_source_and_the_ids_there_are(checkout: Path, data_set: Path) -> None:
    """The same message for every source."""
    for tasks in (
        TaskSettings(source="directory", level=1, path=checkout),
        TaskSettings(source="huggingface", level=1),
    ):
        with pytest.raises(TaskError, match=rf"problem 7 .*'{tasks.source}', level 1 .*3, 12"):
            load_task(tasks, 7)


def test_level_that_cannot_be_loaded_says_the_way_out(data_set: Path) -> None:
    """The data set of the test has no level 2."""
    with pytest.raises(TaskError, match=r"cannot be loaded: .*tasks.source: directory"):
        list_problem_ids(TaskSettings(source="huggingface", level=2))


def test_asked_revision_is_recorded_where_it_cannot_be_resolved(data_set: Path) -> None:
    """A local folder has no commit on the hub."""
    assert source_revision(TaskSettings(source="huggingface", level=1)) == "unversioned"
    assert source_revision(TaskSettings(source="huggingface", level=1, revision="abc")) == "abc"


def test_revision_of_a_checkout_is_its_commit(checkout: Path) -> None:
    """`-dirty` once a problem differs from the commit; `unversioned` before there is one."""
    tasks = TaskSettings(source="directory", level=1, path=checkout)
    assert load_task(tasks, 3).revision == "unversioned"
    git(checkout, "init", "-q")
    assert source_revision(tasks) == "unversioned"
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "m")
    commit = git(checkout, "rev-parse", "HEAD")
    assert load_task(tasks, 3).revision == commit
    (checkout / "KernelBench" / "level1" / "3_Twice.py").write_text(PROBLEM + "\n")
    assert source_revision(tasks) == f"{commit}-dirty"


def test_folder_that_only_lies_inside_a_checkout_is_unversioned(checkout: Path, tmp_path: Path) -> None:
    """The commit around it says nothing about files it ignores."""
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("checkout/\n")
    git(tmp_path, "add", ".gitignore")
    git(tmp_path, "commit", "-q", "-m", "m")
    assert source_revision(TaskSettings(source="directory", level=1, path=checkout)) == "unversioned"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PROBLEM.replace("class Model", "class Module"), "does not define class Model;"),
        (PROBLEM.replace("def forward", "def backward"), r"does not define Model\.forward;"),
        (PROBLEM.replace("def get_in", "def got_in"), r"does not define get_inputs\(\), get_init_inputs\(\);"),
        ("import torch\nprint(", "is no Python source"),
        ("x = '\0'", "is no Python source"),
    ],
)
def test_malformed_problem_says_what_is_missing(checkout: Path, text: str, message: str) -> None:
    """Read from the syntax tree: nothing of the problem runs."""
    (checkout / "KernelBench" / "level1" / "3_Twice.py").write_text(text)
    with pytest.raises(TaskError, match=f"3_Twice.py {message}"):
        load_task(TaskSettings(source="directory", level=1, path=checkout), 3)


def test_a_forward_that_is_inherited_and_inputs_from_lambdas_are_definitions(checkout: Path) -> None:
    """What Python would find is found, and the arguments are those of the class above."""
    path = checkout / "KernelBench" / "level1" / "3_Twice.py"
    inherited = PROBLEM.replace("class Model(", "class Base(") + "\n\nclass Model(Base):\n    pass\n"
    lambdas = (
        PROBLEM.replace("def get_in", "def _get_in") + "\nget_inputs = lambda: [1]\nget_init_inputs = lambda: []\n"
    )
    for text in (inherited, lambdas):
        path.write_text(text)
        task = load_task(TaskSettings(source="directory", level=1, path=checkout), 3)
        assert forward_arguments(task.reference_source) == forward_arguments(PROBLEM)


@pytest.mark.parametrize(
    ("encoding", "coding_line", "expected_line"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "", ""),
        ("utf-16", "", ""),
        ("utf-32", "", ""),
        ("latin-1", "# -*- coding: latin-1 -*-\n", "# -*- coding: utf-8 -*-\n"),
        ("cp1252", "# coding=cp1252\n", "# coding=utf-8\n"),
    ],
)
def test_a_source_is_read_in_the_encodings_that_editors_write(
    tmp_path: Path, encoding: str, coding_line: str, expected_line: str
) -> None:
    """Marks are no text, line ends are Python's, and a coding line holds for the text as it is kept."""
    path = tmp_path / "problem.py"
    path.write_bytes((coding_line + "# Größe\r\nx = 1\r\n").encode(encoding))
    assert read_source(path) == expected_line + "# Größe\nx = 1\n"


@pytest.mark.parametrize("raw", [b"# \xe9\n", b"x = 1\n\n\ny = '\xe9'\n", b"# coding: klingon\nx = 1\n", b"\xff\xfex"])
def test_file_that_is_no_text_is_a_task_error(checkout: Path, raw: bytes) -> None:
    """It is named, with the way out."""
    (checkout / "KernelBench" / "level1" / "3_Twice.py").write_bytes(raw)
    with pytest.raises(TaskError, match=r"3_Twice\.py is no text in UTF-8 .*; write it as UTF-8"):
        load_task(TaskSettings(source="directory", level=1, path=checkout), 3)
