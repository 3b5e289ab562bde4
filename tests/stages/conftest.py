"""What tests of several stages need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf.settings import DemoSettings, TaskSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from kbwf.stages.train_demo_policy import make_demo_policy
from tests.judge.problems import ask_for_no_times, new_handler


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo policy after one step: nothing learned, but loadable."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo_policy(DemoSettings(num_steps=1, batch_size=1, num_threads=1), TaskSettings(), folder)
    return folder


@pytest.fixture(scope="module")
def handler() -> Iterator[EvaluateHandler]:
    """A handler with its launcher."""
    with new_handler() as found:
        yield found


@pytest.fixture
def statuses_not_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine shall change no status."""
    ask_for_no_times(monkeypatch)
