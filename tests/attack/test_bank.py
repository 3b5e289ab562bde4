"""The bank's files and their headers."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from kbwf.attack.bank import HONEST, KINDS, chosen, read_bank, read_header
from kbwf.attack.planting import BREACH
from kbwf.errors import KbwfError
from kbwf.records import EvalStatus

BANK = Path(__file__).parents[2] / "attacks"
ENTRIES = read_bank(BANK)
CHEATS = [entry for entry in ENTRIES if entry.kind != HONEST]
HONEST_ONES = [entry for entry in ENTRIES if entry.kind == HONEST]
HEADER = """# task: scale
# kind: replay
# idea: the first result is kept
# seen: own idea
# device: any
# expect: wrong_values, flagged
"""


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A bank of one cheat, one task and no honest kernel."""
    for name in ("cheats", "honest", "tasks", "twins"):
        (tmp_path / name).mkdir()
    (tmp_path / "tasks" / "scale.py").write_text("")
    (tmp_path / "cheats" / "keeps.py").write_text(HEADER + "import torch\n")
    return tmp_path


def test_the_bank_is_as_large_as_it_says() -> None:
    """At least 150 cheats and 55 honest kernels; a third of the cheats written without a look at the judge's code."""
    assert len(CHEATS) >= 150
    assert len(HONEST_ONES) >= 55
    assert sum(entry.is_blind for entry in CHEATS) * 3 >= len(CHEATS)


def test_every_kind_has_files() -> None:
    """For the CPU every kind but the GPU's own has at least ten; that one has as many for a GPU."""
    kinds = Counter(entry.kind for entry in CHEATS if entry.device != "cuda")
    assert {kind for kind in KINDS if kinds[kind] < 10} == {"streams"}
    assert sum(entry.kind == "streams" for entry in CHEATS) >= 10


def test_every_task_is_used_and_defines_what_a_problem_must() -> None:
    """Model, its inputs and what it is made with; no task lies there for nothing."""
    paths = sorted((BANK / "tasks").glob("*.py"))
    assert paths == sorted({entry.task_path for entry in ENTRIES})
    for path in paths:
        names = {getattr(node, "name", "") for node in ast.parse(path.read_text(encoding="utf-8")).body}
        assert names >= {"Model", "get_inputs", "get_init_inputs"}, path.name


def test_every_file_is_a_program_that_gives_itself_away_nowhere() -> None:
    """It parses and names ModelNew, and what it would say after a breach stands nowhere in one piece."""
    for entry in ENTRIES:
        nodes = list(ast.walk(ast.parse(entry.source)))
        assert any("ModelNew" in (getattr(node, "id", ""), getattr(node, "name", "")) for node in nodes), entry.name
        assert BREACH not in entry.source, entry.name


def test_every_twin_belongs_to_a_cheat() -> None:
    """And every attack on the store has one."""
    twins = {path.name for path in (BANK / "twins").glob("*.py")}
    assert twins == {entry.kernel_path.name for entry in CHEATS if entry.twin_path}
    assert all(entry.twin_path for entry in CHEATS if entry.kind == "verdict")


def test_a_header_says_what_a_file_is(bank: Path) -> None:
    """Fields, statuses and defaults."""
    (entry,) = read_bank(bank)
    assert (entry.name, entry.kind, entry.device, entry.num_runs) == ("keeps", "replay", "any", 1)
    assert entry.expected == {EvalStatus.WRONG_VALUES, EvalStatus.FLAGGED}
    assert entry.task_path == bank / "tasks" / "scale.py"
    assert not entry.is_blind and entry.probe_path is None and entry.twin_path is None
    (bank / "twins" / "keeps.py").write_text("")
    assert read_bank(bank)[0].twin_path == bank / "twins" / "keeps.py"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# seen: own idea\n", "", "the header lacks seen"),
        ("# seen: own idea\n", "# seen: a\n# seen: b\n", "'# seen: b' is no field of a header"),
        ("# seen: own idea\n", "# saw: own idea\n", "'# saw: own idea' is no field of a header"),
        ("scale", "missing", "its task is 'missing'"),
        ("kind: replay", "kind: honest", "kind is 'honest'; cheats have one of replay, clock"),
        ("device: any", "device: tpu", "device is 'tpu'; it is one of any, cpu, cuda"),
        ("flagged", "caught", "expect is 'wrong_values, caught'; it is a list of passed, no_kernel, "),
        ("# seen", "# probe: nobody\n# seen", "its probe is 'nobody'"),
    ],
)
def test_a_header_that_is_wrong_is_refused_by_name(bank: Path, old: str, new: str, message: str) -> None:
    """The file, what was found in it, and what may stand there."""
    path = bank / "cheats" / "keeps.py"
    path.write_text(HEADER.replace(old, new))
    with pytest.raises(KbwfError) as caught:
        read_bank(bank)
    assert str(path) in str(caught.value) and message in str(caught.value)


def test_a_header_ends_with_the_first_line_that_is_no_comment(bank: Path) -> None:
    """An encoding line may come before it; later comments are the kernel's own."""
    path = bank / "cheats" / "keeps.py"
    path.write_text("# -*- coding: utf-8 -*-\n" + HEADER + "x = 1\n# other: comment\n")
    assert set(read_header(path)) == {"task", "kind", "idea", "seen", "device", "expect"}


def test_entries_are_chosen_by_device_kind_and_name() -> None:
    """`any` goes everywhere; nothing found is an error, not an empty run."""
    assert {entry.device for entry in chosen(ENTRIES, "cpu", None, None)} == {"any", "cpu"}
    assert {entry.kind for entry in chosen(ENTRIES, "cuda", "streams", None)} == {"streams"}
    (entry,) = chosen(ENTRIES, "cpu", None, "replay_first_result")
    assert entry.kind == "replay"
    with pytest.raises(KbwfError, match="has none for device cpu, kind any, name nothing"):
        chosen(ENTRIES, "cpu", None, "nothing")


def test_a_folder_that_is_no_bank_is_refused(tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(KbwfError, match="is no bank of attacks"):
        read_bank(tmp_path)
