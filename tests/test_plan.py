"""What the configuration means for the DAG."""

import subprocess
import sys
from pathlib import Path

import pytest

from kbwf import plan
from kbwf.config import Sampling, Tasks
from kbwf.errors import ConfigError

PUBLISHED_EVAL_IDS = (4, 5, 12, 14, 15, 18, 28, 29, 30, 32, 36, 55, 65, 70, 76, 82, 87, 89, 95, 98)


def folder_with(root: Path, *names: str) -> Tasks:
    """A level 1 with empty problem files of these names."""
    (root / "level1").mkdir(parents=True)
    for name in names:
        (root / "level1" / name).write_text("")
    return Tasks(source="directory", level=1, path=root)


def test_level_1_with_seed_42_gives_the_published_eval_ids() -> None:
    """The split of the paper: 20 of 100 ids evaluate, 80 train."""
    train_ids, eval_ids = plan.split_ids(range(1, 101), 42)
    assert eval_ids == PUBLISHED_EVAL_IDS
    assert sorted((*train_ids, *eval_ids)) == list(range(1, 101))


def test_split_does_not_depend_on_the_order_or_repetition_of_ids() -> None:
    """Ids are made unique and sorted before they are shuffled."""
    assert plan.split_ids([*range(100, 0, -1), 7, 7], 42) == plan.split_ids(range(1, 101), 42)


def test_train_side_is_80_percent_rounded_down() -> None:
    """Of 16 ids 12 train; of one, none does."""
    assert [len(side) for side in plan.split_ids(range(1, 17), 0)] == [12, 4]
    assert plan.split_ids([3], 0) == ((), (3,))


def test_bundled_suite_has_at_least_14_consecutive_problems() -> None:
    """Level 0 is numbered from 1 without gaps."""
    ids = plan.problem_ids(Tasks())
    assert len(ids) >= 14
    assert ids == tuple(range(1, len(ids) + 1))


def test_huggingface_levels_have_known_sizes() -> None:
    """The DAG needs no download."""
    sizes = [len(plan.problem_ids(Tasks(source="huggingface", level=level))) for level in (1, 2, 3, 4)]
    assert sizes == [100, 100, 50, 20]
    assert plan.problem_path(Tasks(source="huggingface", level=1), 1) is None


def test_unknown_huggingface_level_is_a_config_error() -> None:
    """KernelBench has no level 5."""
    with pytest.raises(ConfigError, match=r"tasks.level is 5"):
        plan.problem_ids(Tasks(source="huggingface", level=5))


def test_folder_is_found_directly_and_inside_a_checkout(tmp_path: Path) -> None:
    """`path` is the folder with level1/, or the checkout's root."""
    folder_with(tmp_path / "KernelBench", "12_A_.py", "2_B.py", "readme.md", "x_3.py")
    for path in (tmp_path, tmp_path / "KernelBench"):
        tasks = Tasks(source="directory", level=1, path=path)
        assert plan.problem_ids(tasks) == (2, 12)
        assert plan.problem_path(tasks, 12) == tmp_path / "KernelBench" / "level1" / "12_A_.py"
        assert plan.problem_path(tasks, 3) is None


def test_missing_folder_or_level_names_what_was_found(tmp_path: Path) -> None:
    """The message says which levels there are instead."""
    with pytest.raises(ConfigError, match="is no folder"):
        plan.problem_ids(Tasks(source="directory", level=1, path=tmp_path / "absent"))
    folder_with(tmp_path, "1_A.py")
    with pytest.raises(ConfigError, match=r"holds no level3/.*found: level1"):
        plan.problem_ids(Tasks(source="directory", level=3, path=tmp_path))


def test_level_without_problems_and_number_given_twice_are_config_errors(tmp_path: Path) -> None:
    """An ambiguous number must not be resolved by chance."""
    with pytest.raises(ConfigError, match="holds no problem"):
        plan.problem_ids(folder_with(tmp_path / "a", "notes.txt"))
    with pytest.raises(ConfigError, match=r"1_A\.py and 1_B\.py both claim problem id 1"):
        plan.problem_ids(folder_with(tmp_path / "b", "1_A.py", "1_B.py"))


def test_subset_chooses_a_side_of_the_split_or_listed_ids() -> None:
    """Task ids have the level and three digits."""
    tasks = Tasks(source="huggingface", level=1, subset="eval")
    assert plan.task_ids(tasks) == tuple(f"l1_p{problem_id:03d}" for problem_id in PUBLISHED_EVAL_IDS)
    assert len(plan.task_ids(tasks.model_copy(update={"subset": "train"}))) == 80
    assert len(plan.task_ids(tasks.model_copy(update={"subset": "all"}))) == 100
    assert plan.task_ids(tasks.model_copy(update={"subset": (100, 12)})) == ("l1_p100", "l1_p012")


def test_unknown_id_in_the_subset_is_named() -> None:
    """The message names the id and those there are."""
    with pytest.raises(ConfigError, match=r"names 101, 300, .*it has 1-100"):
        plan.task_ids(Tasks(source="huggingface", level=1, subset=(4, 101, 300)))


def test_empty_side_of_the_split_is_a_config_error(tmp_path: Path) -> None:
    """One problem leaves nothing to train on."""
    tasks = folder_with(tmp_path, "5_A.py").model_copy(update={"subset": "train"})
    with pytest.raises(ConfigError, match="empty split"):
        plan.task_ids(tasks)
    assert plan.task_ids(tasks.model_copy(update={"subset": "eval"})) == ("l1_p005",)


def test_chunks_cover_the_samples() -> None:
    """Sample 7 of chunks of 4 lies in chunk 1."""
    sampling = Sampling(num_samples=12, chunk_size=4)
    assert list(plan.chunks(sampling)) == [0, 1, 2]
    assert list(plan.sample_indices(sampling)) == list(range(12))
    assert [plan.chunk_of(sample_idx, 4) for sample_idx in (0, 3, 4, 7, 11)] == [0, 0, 1, 1, 2]


def test_ids_are_abbreviated_by_runs() -> None:
    """Messages stay short for a hundred ids."""
    assert plan.abbreviated((1, 2, 3, 7, 9, 10)) == "1-3, 7, 9-10"


def test_plan_imports_neither_torch_nor_a_data_set_library() -> None:
    """Snakemake imports it on every start."""
    code = "import sys, kbwf.plan; print(sorted({'torch', 'datasets', 'numpy', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
