"""The device kernels run on: what it is, its lease, its clock."""

import contextlib
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from kbwf.errors import InfrastructureError
from kbwf.machine_locks import LOCK_FOLDERS, machine_lock
from kbwf.records import Environment


def resolve_device(device: str) -> torch.device:
    """The torch device of `auto`, `cpu` or `cuda`.

    Raises:
        InfrastructureError: cuda is asked for and there is none.
    """
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InfrastructureError("evaluation.device is cuda, but torch sees no GPU here; `kbwf doctor` says more")
    return torch.device("cuda:0")


def describe_environment(device: torch.device, num_threads: int) -> Environment:
    """Hardware and software that a measurement on this device belongs to."""
    python = platform.python_version()
    if device.type == "cpu":
        return Environment(
            device=f"cpu: {_processor()}", torch=torch.__version__, python=python, num_threads=num_threads
        )
    properties = torch.cuda.get_device_properties(device)
    return Environment(
        device=properties.name,
        device_uuid=str(properties.uuid),
        driver=_driver(),
        torch=torch.__version__,
        cuda=torch.version.cuda,
        python=python,
    )


def describe_gpus() -> tuple[bool, str]:
    """Whether torch sees a GPU here, and a line about it."""
    if torch.cuda.is_available():
        return True, f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    built = f"this torch is built for CUDA {torch.version.cuda}" if torch.version.cuda else "this torch has no CUDA"
    return False, f"none ({built}); kernels are judged on the CPU, where times are only ratios"


@contextlib.contextmanager
def lease(environment: Environment, folders: tuple[str, ...] = LOCK_FOLDERS) -> Iterator[float]:
    """Hold the device alone, among all kbwf processes of this machine, whatever run or user they belong to.

    Yields the seconds waited.
    """
    name = f"gpu-{environment.device_uuid}" if environment.device_uuid else "cpu"
    started_s = time.monotonic()
    with machine_lock(f"lease-{name}", folders):
        yield time.monotonic() - started_s


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _driver() -> str | None:
    path = Path("/proc/driver/nvidia/version")
    words = path.read_text().split() if path.exists() else []
    return next((word for word in words if word[0].isdigit() and word.count(".") >= 1), None)
