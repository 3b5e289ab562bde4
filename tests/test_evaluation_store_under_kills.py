"""Eight processes write, read and are killed for a minute; not one entry is lost or corrupt."""

import json
import logging
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kbwf import cache
from kbwf import evaluation_store as store
from tests.test_evaluation_store import CONDITIONS, passed

ROOT = Path(__file__).parents[1]
DURATION_S = 60.0
NUM_PROCESSES = 8
NUM_ENTRIES = 3000

# Notes an entry's number only once `keep` has returned, so that what is noted must be there for ever.
WORKER = """
import random, sys
from pathlib import Path
import tests.test_evaluation_store_under_kills as stress

folder, notes, rng = Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1), random.Random(int(sys.argv[3]))
while True:
    number = rng.randrange(stress.NUM_ENTRIES)
    found, remark = stress.store.find(folder, stress.conditions(number))
    if remark:
        notes.write(f"corrupt {number} {remark}\\n")
    elif found is None or rng.random() < 0.2:
        remark = stress.store.keep(folder, stress.conditions(number), stress.evaluation(number))
        notes.write(f"kept {number} {remark}\\n")
    elif found != stress.evaluation(number):
        notes.write(f"wrong {number}\\n")
    else:
        notes.write(f"read {number}\\n")
"""


def conditions(number: int) -> dict:
    """Of one entry."""
    return {**CONDITIONS, "task": str(number)}


def evaluation(number: int) -> store.Evaluation:
    """Every entry has a speedup of its own."""
    return passed(1.0 + number)


@pytest.mark.store
def test_no_entry_is_lost_or_corrupt(tmp_path: Path) -> None:
    """Whatever a process said it has kept is found, is what it kept, and passes `verify`."""
    rng = random.Random(0)
    folder = tmp_path / "store"
    processes: dict[int, subprocess.Popen] = {}
    num_started = num_killed = 0
    deadline_s = time.monotonic() + DURATION_S
    while time.monotonic() < deadline_s:
        for slot in range(NUM_PROCESSES):
            if slot not in processes:
                notes = tmp_path / f"notes{num_started}"
                command = [sys.executable, "-c", WORKER, str(folder), str(notes), str(num_started)]
                processes[slot] = subprocess.Popen(command, cwd=ROOT)
                num_started += 1
        time.sleep(rng.expovariate(2.0))
        slot = rng.randrange(NUM_PROCESSES)
        if list(tmp_path.glob("notes*")):
            processes.pop(slot).kill()
            num_killed += 1
    for process in processes.values():
        process.kill()
    for process in processes.values():
        process.wait()
    lines = [line for path in tmp_path.glob("notes*") for line in path.read_text().splitlines()]
    whole = [line.split(maxsplit=2) for line in lines if len(line.split()) >= 2]
    counts = {kind: sum(words[0] == kind for words in whole) for kind in ("kept", "read", "corrupt", "wrong")}
    logging.info("%s", json.dumps({"kills": num_killed, "leftovers": len(list(folder.glob(".*"))), **counts}))
    assert counts["corrupt"] == counts["wrong"] == 0
    assert counts["kept"] > NUM_ENTRIES / 10 and counts["read"] > 0 and num_killed > 10
    kept = {int(words[1]) for words in whole if words[0] == "kept"}
    lost = [number for number in kept if store.find(folder, conditions(number))[0] != evaluation(number)]
    assert lost == []
    assert cache.verify(folder).is_sound
