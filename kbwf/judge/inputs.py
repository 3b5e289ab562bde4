"""Whether a kernel left its inputs alone."""

from dataclasses import dataclass

import torch

from kbwf.judge import secret
from kbwf.sandbox.buffers import Ring

_NUM_PROBES = 1024
_CHUNK_WORDS = 1 << 22
_WEIGHTS: dict[torch.device, torch.Tensor] = {}


def fingerprint(ring: Ring, slots: list[int]) -> list[int]:
    """A number for each slot that changes, but for one chance in 2**64 or so, if a byte does.

    A sum modulo 2**64 of all words, each times a secret random weight and its chunk times another.
    """
    words = ring.memory.view(torch.int32).view(ring.layout.num_slots, -1)
    if ring.memory.device not in _WEIGHTS:
        _WEIGHTS[ring.memory.device] = secret.integers(-(2**62), 2**62, [_CHUNK_WORDS], ring.memory.device)
    weights = _WEIGHTS[ring.memory.device]
    found = []
    for slot in slots:
        total = torch.zeros((), dtype=torch.int64, device=words.device)
        for number, chunk in enumerate(words[slot].split(_CHUNK_WORDS)):
            total += (chunk * weights[: len(chunk)]).sum() * weights[number]
        found.append(int(total))
    return found


@dataclass(frozen=True)
class Probes:
    """Some words of inputs, as they were."""

    words: torch.Tensor
    places: torch.Tensor
    values: torch.Tensor

    def are_unchanged(self) -> bool:
        """Whether they still are."""
        return torch.equal(self.words[self.places], self.values)


def probes_of(ring: Ring, slots: list[int]) -> Probes:
    """Random places in these slots."""
    words = ring.memory.view(torch.int32)
    per_slot = ring.layout.slot_bytes // 4
    device = words.device
    starts = torch.tensor(slots, device=device) * per_slot
    inside = secret.integers(0, per_slot, (len(slots), max(1, _NUM_PROBES // len(slots))), device)
    places = (inside + starts[:, None]).flatten()
    return Probes(words, places, words[places])
