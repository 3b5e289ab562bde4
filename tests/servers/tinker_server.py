"""Starts, stops and kills a Tinker-compatible server: skyrl's, in an environment of its own, on the CPU."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("KBWF_TINKER_SERVER_PYTHON", ROOT / ".venv-tinker-server" / "bin" / "python"))
START_LIMIT_S = 300.0
BACKEND_CONFIG = (
    '{"max_lora_adapters": 16, "max_lora_rank": 16, "train_micro_batch_size": 8, "sample_max_num_sequences": 16}'
)


class TinkerServer:
    """What it stores lies in its folder, so that it can be started again there."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model, self.folder = model, folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `base.base_url`."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "TinkerServer":
        """And wait until its engine is up."""
        assert PYTHON.exists(), "run make test-servers, which makes the environment that the server lives in"
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "server.log"
        command = [
            str(PYTHON), str(Path(__file__).with_name("tinker_serve.py")), "--port", str(self.port),
            "--base-model", str(self.model), "--backend", "jax", "--backend-config", BACKEND_CONFIG,
            "--checkpoints-base", str(self.folder / "checkpoints"),
            "--database-url", f"sqlite:///{self.folder / 'tinker.db'}",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUNBUFFERED": "1",
            # Compiled once per machine: each new shape takes seconds.
            "JAX_COMPILATION_CACHE_DIR": str(PYTHON.parents[1] / "jax_cache"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        environment.pop("PYTHONPATH", None)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_LIMIT_S
        while "Starting background engine" not in log.read_text(errors="replace") or not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """At once, with its engine, as a machine that is lost."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/get_server_capabilities", timeout=5):
                return True
        except OSError:
            return False
