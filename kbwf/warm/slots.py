"""Which GPU a job works on: Snakemake counts jobs (`--resources gpu=2`) and tells none of them which GPU is its own.

The GPUs of a machine are its slots, by UUID. A job takes one that is free, under a file lock that ends with the job,
and prefers the one on which its task is most likely warm. Standard library only.
"""

import contextlib
import zlib
from collections.abc import Iterator, Mapping

from kbwf.errors import ConfigError
from kbwf.machine_locks import LOCK_FOLDERS, machine_lock

_QUERY = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")


def slots_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """UUIDs of the GPUs that a process with this environment may use, in CUDA's order; none where there is no GPU.

    KBWF_PRETENDED_GPUS names a number of GPUs that are not there, to try several workers on a machine without any.

    Raises:
        ConfigError: CUDA_VISIBLE_DEVICES or KBWF_PRETENDED_GPUS says something that cannot be.
    """
    pretended = environment.get("KBWF_PRETENDED_GPUS")
    if pretended:
        if not pretended.isdecimal():
            raise ConfigError(f"KBWF_PRETENDED_GPUS must be a number, got {pretended!r}")
        return tuple(f"pretended{number}" for number in range(int(pretended)))
    uuids = _uuids()
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None or not uuids:
        return uuids
    return tuple(_chosen(name.strip(), uuids, visible) for name in visible.split(",") if name.strip() not in ("", "-1"))


def position_of(environment: Mapping[str, str]) -> tuple[int, int]:
    """Number, from 0, of the GPU that a process with this environment works on, and how many this machine has."""
    uuids = _uuids()
    visible = slots_of({name: text for name, text in environment.items() if name != "KBWF_PRETENDED_GPUS"})
    return (uuids.index(visible[0]), len(uuids)) if visible and visible[0] in uuids else (0, 1)


@contextlib.contextmanager
def held(slots: tuple[str, ...], task: str, folders: tuple[str, ...] = LOCK_FOLDERS) -> Iterator[str]:
    """One of the slots for this process alone; an empty text where there are none.

    The first to be tried is the same for a task each time; the others follow. If none is free, that one is waited for.

    Args:
        folders: of this machine, for the locks; those of other runs and users on its GPUs lie there too.
    """
    if not slots:
        yield ""
        return
    first = zlib.crc32(task.encode()) % len(slots)
    for slot in (*slots[first:], *slots[:first]):
        with machine_lock(f"slot-{slot}", folders, waits=False) as is_held:
            if is_held:
                yield slot
                return
    with machine_lock(f"slot-{slots[first]}", folders):
        yield slots[first]


def as_environment(slot: str) -> dict[str, str]:
    """What makes CUDA see this GPU alone; nothing for a pretended one."""
    return {"CUDA_VISIBLE_DEVICES": slot} if slot.startswith(("GPU-", "MIG-")) else {}


def _uuids() -> tuple[str, ...]:
    import subprocess  # clients, of which there are thousands, do without

    try:
        listed = subprocess.run(_QUERY, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):  # no driver here
        return ()
    return tuple(line.strip() for line in listed.splitlines() if line.strip())


def _chosen(name: str, uuids: tuple[str, ...], visible: str) -> str:
    if name.startswith("MIG-"):
        return name
    found = [uuid for uuid in uuids if name.startswith("GPU-") and uuid.startswith(name)]
    if name.isdecimal() and int(name) < len(uuids):
        found = [uuids[int(name)]]
    if not found:
        raise ConfigError(
            f"CUDA_VISIBLE_DEVICES is {visible!r}, but this machine has {len(uuids)} GPUs: {', '.join(uuids)}"
        )
    return found[0]
