"""A policy that a Tinker-compatible server serves, and that server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf.policies.demo import train_demo_policy
from kbwf.settings import TaskSettings
from kbwf.tasks.prompts import build_messages
from kbwf.tasks.sources import load_task
from tests.policies.conftest import CHAT_TEMPLATE, save_tiny_model
from tests.servers.tinker_server import TinkerServer

KEY = "tml-planted-1d7e42"
ANSWERS = {
    1: ("return torch.diag(d) @ A", "return d[:, None] * A", "return d * A"),
    3: ("return (A @ B).sum(dim=1)", "return A @ B.sum(dim=1)", "return A @ B"),
}
"""Of each task one that is right, one that is fast, one that is wrong."""


@pytest.fixture(scope="session")
def ascii_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights; all tokens are whole characters, without which one of the servers gives no numbers."""
    return save_tiny_model(tmp_path_factory.mktemp("ascii"), CHAT_TEMPLATE, 0, is_ascii=True)


@pytest.fixture(scope="session")
def two_task_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives each of the three answers to two tasks of the suite equally often."""
    folder = tmp_path_factory.mktemp("two_tasks")
    corpus = [
        (build_messages(load_task(TaskSettings(), problem_id), "forward_body"), answer, 1 / 3)
        for problem_id, answers in ANSWERS.items()
        for answer in answers
    ]
    train_demo_policy(corpus, folder, seed=0, num_steps=80, batch_size=2, num_threads=1)
    return folder


@pytest.fixture
def tinker_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any key will do; the tokenizer is asked of no hub."""
    monkeypatch.setenv("TINKER_API_KEY", KEY)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def ascii_server(ascii_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinkerServer]:
    """Of the random weights."""
    server = TinkerServer(ascii_model, tmp_path_factory.mktemp("tinker")).start()
    yield server
    server.kill()
