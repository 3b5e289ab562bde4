"""What tests of several stages need."""

from pathlib import Path

import pytest

from kbwf.settings import DemoSettings, TaskSettings
from kbwf.stages.train_demo_policy import make_demo_policy


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo policy after one step: nothing learned, but loadable."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo_policy(DemoSettings(num_steps=1, batch_size=1, num_threads=1), TaskSettings(), folder)
    return folder
