"""The comparison at the end of a best kernel's file. Copied there as text: it runs alone, where kbwf is not installed.

As the judge does it: parameters and inputs drawn on the device from equal seeds, the modules in the same mode, caches
cold before each call, every output compared, by the verdict's rule and tolerance. Not as the judge does it: the inputs
are the same each time, from a known seed, where the judge's are new and secret, and both modules run in one process,
which a kernel could deceive. The file is there to look at a kernel; what counts is what the judge measured.
"""

from typing import Any


def compare_with_reference(
    kernel_class: Any,
    reference_source: str,
    device: str,
    num_threads: int | None,
    tolerance: float,
    is_training: bool,
    may_use_tf32: bool,
) -> None:
    """Print whether the outputs agree, and the times; ends the program, with 1 if they do not."""
    import copy
    import random
    import statistics
    import time
    import types

    import numpy
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("this kernel was measured on a GPU, and PyTorch finds none here")
    if num_threads:
        torch.set_num_threads(num_threads)
    if not may_use_tf32:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    reference = types.ModuleType("reference")
    exec(compile(reference_source, "reference.py", "exec"), reference.__dict__)

    def seeded(seed: int, draw: Any, *arguments: Any) -> Any:
        random.seed(seed)
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        with torch.device(device):
            return draw(*arguments)

    def placed(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(device)
        if type(value) is dict:
            return {key: placed(each) for key, each in value.items()}
        return type(value)(placed(each) for each in value) if type(value) in (list, tuple) else value

    def agrees(found: Any, wanted: Any) -> bool:
        if isinstance(wanted, torch.Tensor):
            if type(found) not in (torch.Tensor, torch.nn.Parameter) or found.shape != wanted.shape:
                return False
            if found.dtype != wanted.dtype or not (wanted.is_floating_point() or wanted.is_complex()):
                return found.dtype == wanted.dtype and torch.equal(found, wanted)
            return torch.allclose(found, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
        if isinstance(wanted, dict):
            return (
                isinstance(found, dict)
                and set(found) == set(wanted)
                and all(agrees(found[k], wanted[k]) for k in wanted)
            )
        if isinstance(wanted, list | tuple):
            return isinstance(found, list | tuple) and len(found) == len(wanted) and all(map(agrees, found, wanted))
        return True

    # More than a last-level cache holds: without it a small kernel finds in the cache what it has just read there.
    flushed = torch.empty((256 if device == "cuda" else 64) << 20, dtype=torch.uint8, device=device)

    def call(model: Any) -> tuple[Any, float]:
        arguments = copy.deepcopy(inputs)
        flushed.zero_()
        if device == "cuda":
            torch.cuda.synchronize()
        start_s = time.perf_counter()
        output = model(*arguments)
        if device == "cuda":
            torch.cuda.synchronize()
        return output, (time.perf_counter() - start_s) * 1e3

    init_inputs = placed(seeded(42, reference.get_init_inputs))
    kinds = reference.Model, kernel_class
    models = [seeded(42, kind, *init_inputs).to(device).train(is_training) for kind in kinds]
    inputs = placed(seeded(1, reference.get_inputs))
    with torch.no_grad():
        is_same = True
        times_ms: list[list[float]] = []
        end_s = 0.0
        while len(times_ms) < 6 or (len(times_ms) < 101 and time.perf_counter() < end_s):
            (expected, ref_ms), (output, own_ms) = call(models[0]), call(models[1])
            is_same = agrees(output, expected) and is_same
            times_ms.append([ref_ms, own_ms])
            if len(times_ms) == 1:  # which may have compiled, and does not count
                end_s = time.perf_counter() + 5
        del times_ms[0]
    print(f"outputs {'agree within' if is_same else 'DIFFER by more than'} {tolerance:g}")
    ref_runtime_ms, runtime_ms = (statistics.median(one) for one in zip(*times_ms, strict=True))
    speedup = statistics.median(ref / own for ref, own in times_ms)
    print(f"reference {ref_runtime_ms:.4g} ms, kernel {runtime_ms:.4g} ms, speedup {speedup:.3f}")
    raise SystemExit(0 if is_same else 1)
