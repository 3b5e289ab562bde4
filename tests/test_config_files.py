"""Configuration files: a wrong key is laid to the file that has it, and no key is read twice."""

from pathlib import Path
from typing import Any

import pytest

from kbwf.config_files import load_study, read_config
from kbwf.errors import ConfigError

DEFAULT = (
    "sampling: {num_samples: 8, chunk_size: 8, seeds: [0, 1]}\nruns: [{name: a, tasks: [1]}]\nbase: {model: demo}\n"
)


@pytest.mark.parametrize(
    ("study", "raw", "given", "message"),
    [
        (
            "sampling: {seeds: [-1]}",
            {"sampling": {"seeds": [-1]}},
            {},
            "my_study.yaml: the configuration is not valid\n",
        ),
        ("sampling: {num_sample: 4}", {"sampling": {"num_sample": 4}}, {}, "my_study.yaml: "),
        ("report: {}", {"sampling": {"num_samples": 0}}, {}, "config.yaml: "),
        ("report: {}", {"sampling": {"num_samples": 3}}, {"sampling": {"num_samples": 3}}, "--config: "),
        ("report: {}", {"tasks": None}, {}, "the configuration: "),
        ("runs: [{name: a, method: grpo}]", {"runs": [{"name": "a", "method": "grpo"}]}, {}, "my_study.yaml: "),
        ("base: null", {"base": None}, {}, "my_study.yaml: "),
    ],
    ids=["in_both", "unknown", "in_the_first", "command_line", "in_none", "missing_below_a_list", "nothing"],
)
def test_a_wrong_key_is_laid_to_the_last_file_that_names_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: str,
    raw: dict[str, Any],
    given: dict[str, Any],
    message: str,
) -> None:
    """Of the default study, a study of one's own and the command line."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(DEFAULT)
    Path("my_study.yaml").write_text(study)
    with pytest.raises(ConfigError) as caught:
        load_study(raw, [str(tmp_path / "config.yaml"), "my_study.yaml"], given)
    assert str(caught.value).startswith(message)


def test_a_key_is_named_as_it_is_written(tmp_path: Path) -> None:
    """Not as the kinds of value that it might have had are called."""
    (tmp_path / "my.yaml").write_text("tasks: {subset: [x]}")
    with pytest.raises(ConfigError) as caught:
        load_study({"tasks": {"subset": ["x"]}}, [str(tmp_path / "my.yaml")])
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()[1:]} == {
        "  tasks.subset",
        "  tasks.subset.0",
    }


def test_mistakes_of_several_files_stand_below_each(tmp_path: Path) -> None:
    """Two headlines."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("sampling: {num_sample: 4}")
    second.write_text("report: {levels: 3}")
    with pytest.raises(ConfigError) as caught:
        load_study({"sampling": {"num_sample": 4}, "report": {"levels": 3}}, [str(first), str(second)])
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        str(first),
        "  sampling.num_sample",
        str(second),
        "  report.levels",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sampling: {num_samples: 8}\nsampling: {seeds: [0]}\n", r"gives the key 'sampling' \(line 2\) twice"),
        ("runs:\n- name: a\n  tasks: [1]\n  tasks: [2]\n", r"gives the key 'tasks' \(line 4\) twice"),
        ("1: a\n1: b\n", r"gives the key '1' \(line 2\) twice"),
        ('{"a": {"b": 1, "b": 2}}', "gives the key 'b' twice"),
        ("[1, 2]", "its top level is list, not a mapping"),
        ("a: [", "cannot be read"),
        ("sampling:\n  num_samples: 010\n", r"says 010 \(line 2\), which YAML reads as 8; write the number plainly"),
        ("a: [1, -1:30]", r"says -1:30 \(line 1\), which YAML reads as -90"),
        ("a: &a [1, *a]", "holds something that holds itself"),
        ("a: &a {b: {c: *a}}", "holds something that holds itself"),
        ("a: 2026-13-45", r"cannot be read \(a value is not of the type that it is written as: month"),
        ("a: " + 5_000 * "1", r"cannot be read \(a value is not .*: Exceeds the limit"),
        ('{"a": ' + 5_000 * "1" + "}", r"cannot be read \(Exceeds the limit"),
        ("a: !!bool perhaps", r"cannot be read \(a value is not"),
        ("a: !!timestamp never", r"cannot be read \(a value is not"),
        ("a: !!int ''", r"cannot be read \(a value is not"),
        (3_000 * "[", "is nested too deeply"),
    ],
    ids=[
        "block",
        "in_a_list",
        "number",
        "json",
        "list",
        "broken",
        "octal",
        "sexagesimal",
        "cycle",
        "deep cycle",
        "no day",
        "digits",
        "digits of JSON",
        "no truth",
        "no time",
        "no number",
        "nested",
    ],
)
def test_a_file_that_says_two_things_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """YAML would take the last."""
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(ConfigError, match=f"study.yaml .*{message}|study.yaml {message}"):
        read_config(str(tmp_path / "study.yaml"))


def test_keys_of_an_anchor_may_be_given_again(tmp_path: Path) -> None:
    """That is what a merge is for; a file without a key is a configuration too, and so is JSON."""
    path = tmp_path / "study.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n")
    assert read_config(str(path)) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
    path.write_text("a: &a [0, 10, 1_000, 0x10, '010']\nb: [*a, *a]\n")
    assert read_config(str(path)) == {"a": [0, 10, 1000, 16, "010"], "b": [[0, 10, 1000, 16, "010"]] * 2}
    path.write_text("# nothing\n")
    assert read_config(str(path)) == {}
    path.write_text('{"a": 1}')
    assert read_config(str(path)) == {"a": 1}


@pytest.mark.parametrize("text", ["base:\n  api_key: 'planted\n", 'base: {"api_key":"planted" x: 1}\n'])
def test_a_file_that_cannot_be_read_is_not_quoted_where_it_may_hold_a_key(text: str, tmp_path: Path) -> None:
    """YAML's errors quote the line."""
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_config(str(tmp_path / "study.yaml"))
    assert "planted" not in str(caught.value) and caught.value.__suppress_context__
