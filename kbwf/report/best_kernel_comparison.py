"""The comparison at the end of a best kernel's file. Copied there as text: it runs alone, where kbwf is not installed.

The same steps as the judge's: parameters and inputs drawn on the device from equal seeds, the modules in evaluation
mode, the verdict's rule and tolerance. The judge's inputs are secret; here a seed stands in their place.
"""

from typing import Any


def compare_with_reference(
    kernel_class: Any, reference_source: str, device: str, num_threads: int | None, tolerance: float
) -> None:
    """Print whether the outputs agree, and the times; ends the program, with 1 if they do not."""
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
    reference = types.ModuleType("reference")
    exec(compile(reference_source, "reference.py", "exec"), reference.__dict__)

    def seeded(seed: int, draw: Any, *arguments: Any) -> Any:
        random.seed(seed)
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        with torch.device(device):
            return draw(*arguments)

    def placed(values: Any) -> list[Any]:
        return [value.to(device) if isinstance(value, torch.Tensor) else value for value in values]

    def call(model: Any) -> tuple[Any, float]:
        arguments = [value.clone() if isinstance(value, torch.Tensor) else value for value in inputs]
        if device == "cuda":
            torch.cuda.synchronize()
        start_s = time.perf_counter()
        output = model(*arguments)
        if device == "cuda":
            torch.cuda.synchronize()
        return output, (time.perf_counter() - start_s) * 1e3

    init_inputs = placed(seeded(42, reference.get_init_inputs))
    models = [seeded(42, kind, *init_inputs).to(device).eval() for kind in (reference.Model, kernel_class)]
    inputs = placed(seeded(1, reference.get_inputs))
    with torch.no_grad():
        (expected, _), (output, _) = call(models[0]), call(models[1])
        is_same = type(output) is torch.Tensor and (output.shape, output.dtype) == (expected.shape, expected.dtype)
        if is_same and expected.is_floating_point():
            is_same = torch.allclose(output, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
        elif is_same:
            is_same = torch.equal(output, expected)
        print(f"outputs {'agree within' if is_same else 'DIFFER by more than'} {tolerance:g}")
        times_ms: list[list[float]] = []
        end_s = time.perf_counter() + 5
        while len(times_ms) < 5 or (len(times_ms) < 100 and time.perf_counter() < end_s):
            times_ms.append([call(model)[1] for model in models])
    ref_runtime_ms, runtime_ms = (statistics.median(one) for one in zip(*times_ms, strict=True))
    speedup = statistics.median(ref / own for ref, own in times_ms)
    print(f"reference {ref_runtime_ms:.4g} ms, kernel {runtime_ms:.4g} ms, speedup {speedup:.3f}")
    raise SystemExit(0 if is_same else 1)
