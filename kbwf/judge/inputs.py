"""Whether a kernel left its inputs alone."""

import functools
import secrets
from dataclasses import dataclass

import torch

from kbwf.device_code import Integer, Pointer, launch
from kbwf.judge import secret
from kbwf.sandbox.buffers import Ring

_NUM_PROBES = 1024
_NUM_WEIGHTS = _CHUNK_WORDS = 1 << 22
_SOURCE = """
__device__ unsigned long long mixed(unsigned long long x) {  // splitmix64 (Steele, Lea & Flood 2014)
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

extern "C" __global__ void fingerprint(const unsigned long long *words, long long num_words, const long long *slots,
                                       long long key, unsigned long long *found) {
    const ulonglong2 *slot = (const ulonglong2 *)(words + slots[blockIdx.y] * num_words);
    long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x, step = gridDim.x * (long long)blockDim.x;
    unsigned long long sum = 0;
    for (long long i = first; i < num_words / 2; i += step) {
        ulonglong2 two = slot[i];
        unsigned long long place = key + 2 * i * 0x9E3779B97F4A7C15ull;
        sum += mixed(two.x ^ mixed(place)) + mixed(two.y ^ mixed(place + 0x9E3779B97F4A7C15ull));
    }
    for (int step = 16; step; step >>= 1) sum += __shfl_down_sync(~0u, sum, step);
    if (threadIdx.x % 32 == 0) atomicAdd(found + blockIdx.y, sum);
}
"""


def fingerprint(ring: Ring, slots: list[int]) -> list[int]:
    """A number for each slot that changes, but for one chance in 2**64 or so, if a byte does.

    On the CPU a sum modulo 2**64 of all words, each times a secret random weight and its chunk times another; on a GPU
    one of all words, each changed by a secret number of its place and then mixed.
    """
    if ring.memory.is_cuda:
        return _fingerprint_on_gpu(ring, slots)
    words = ring.memory.view(torch.int32).view(ring.layout.num_slots, -1)
    weights = _weights()
    found = []
    for slot in slots:
        total = torch.zeros((), dtype=torch.int64, device=words.device)
        for number, chunk in enumerate(words[slot].split(_CHUNK_WORDS)):
            total += (chunk * weights[: len(chunk)]).sum() * weights[number]
        found.append(int(total))
    return found


def _fingerprint_on_gpu(ring: Ring, slots: list[int]) -> list[int]:
    """One pass over the slots; theirs is a multiple of 512 bytes."""
    device = ring.memory.device
    found = torch.zeros(len(slots), dtype=torch.int64, device=device)
    places = torch.tensor(slots, device=device)
    arguments = [
        (ring.memory.data_ptr(), Pointer),
        (ring.layout.slot_bytes // 8, Integer),
        (places.data_ptr(), Pointer),
        (_key(), Integer),
        (found.data_ptr(), Pointer),
    ]
    launch(_SOURCE, "fingerprint", arguments, device, num_rows=len(slots))
    numbers: list[int] = found.tolist()
    return numbers


@functools.cache
def _weights() -> torch.Tensor:
    return secret.integers(-(2**62), 2**62, [_NUM_WEIGHTS])


@functools.cache
def _key() -> int:
    return secrets.randbits(63)


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
    starts = torch.tensor(slots) * per_slot
    inside = secret.integers(0, per_slot, (len(slots), max(1, _NUM_PROBES // len(slots))))
    places = (inside + starts[:, None]).flatten().to(words.device)
    return Probes(words, places, words[places])
