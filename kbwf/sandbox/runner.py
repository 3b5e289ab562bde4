"""The process that runs one program: a candidate's kernel, or the reference for its time. Forked from the zygote.

Everything here up to `_load` is trusted; from then on the process belongs to the kernel, and what it sends is a claim.
The reference is timed by this same code in a process of the same kind, so that an unchanged kernel is timed alike.
"""

import contextlib
import gc
import os
import socket
import time
import traceback
from typing import Any

import torch

from kbwf.sandbox import guard
from kbwf.sandbox.buffers import open_shared
from kbwf.sandbox.channel import receive, send
from kbwf.sandbox.confinement import Confinement, Report
from kbwf.sandbox.output import append_line
from kbwf.sandbox.problem import build_model, load_module

_L2_FLUSH_BYTES = 256 << 20
"""More than the last-level cache of any GPU we know; written between timed calls, so that each starts cold."""
_NUM_FLUSHES = 4
_TRACE_CHARS = 4000


def run(connection: socket.socket, confinement: Confinement, report: Report) -> None:
    """Open the judge's buffers, lock the doors, load the program, and do what the judge asks until it hangs up.

    Args:
        report: the first half of the defences.
    """
    device = torch.device(confinement.device)
    if device.type == "cuda":
        torch.cuda.init()
        torch.zeros(1, device=device)
    else:
        torch.set_num_threads(confinement.num_threads)
    opening, descriptors = receive(connection, with_descriptors=True)
    remaining = iter(descriptors)
    shared = [open_shared(fields, next(remaining, None), device) for fields in opening["buffers"]]
    arguments: list[Any] = [shared[slot["buffer"]] if "buffer" in slot else slot["value"] for slot in opening["slots"]]
    output = shared[opening["output"]]
    report = guard.lock_down(confinement, report)
    send(connection, {"sandbox": {"applied": report.applied, "missing": report.missing}})

    program, _ = receive(connection)
    try:
        reference = load_module(program["reference_source"], "reference")
        module = load_module(program["source"], "kernel")
        model = build_model(module, program["class_name"], reference, device)
        _synchronize(device)
    except BaseException as error:
        send(connection, {"failed": _describe(error), "trace": _trace()})
        return
    send(connection, {"loaded": True})
    _serve(connection, model, arguments, output, device)


def _serve(
    connection: socket.socket, model: torch.nn.Module, arguments: list[Any], output: torch.Tensor, device: torch.device
) -> None:
    scratch: torch.Tensor | None = None
    while True:
        request, _ = receive(connection)
        try:
            with torch.no_grad():
                if request["do"] == "check":
                    result = model(*arguments)
                    times_ms: list[float] = []
                else:
                    if device.type == "cuda" and scratch is None:
                        scratch = torch.empty(_L2_FLUSH_BYTES, dtype=torch.uint8, device=device)
                    result, times_ms = _time_calls(model, arguments, request["num_calls"], scratch, device)
                reply = _hand_over(result, arguments, output)
            _synchronize(device)
        except BaseException as error:
            send(connection, {"failed": _describe(error), "trace": _trace()})
            return
        del result
        send(connection, {**reply, "times_ms": times_ms})


def _time_calls(
    model: torch.nn.Module, arguments: list[Any], num_calls: int, scratch: torch.Tensor | None, device: torch.device
) -> tuple[Any, list[float]]:
    """The last result, and each call's milliseconds: CUDA events on a GPU, the wall clock on a CPU."""
    times_ms = []
    result = None
    gc.disable()  # a collection inside one call would be counted as that call's
    for _ in range(num_calls):
        result = None  # the previous output's memory is free again before the next call, as in a loop of a user's
        if scratch is not None:
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            for _ in range(_NUM_FLUSHES):  # still running while the call is queued: the host's part is not timed
                scratch.zero_()
            start.record()
            result = model(*arguments)
            end.record()
            torch.cuda.synchronize(device)
            times_ms.append(start.elapsed_time(end))
        else:
            started_s = time.perf_counter()
            result = model(*arguments)
            times_ms.append((time.perf_counter() - started_s) * 1e3)
    gc.enable()
    return result, times_ms


def _hand_over(result: Any, arguments: list[Any], output: torch.Tensor) -> dict[str, Any]:
    """Copy the result into the judge's buffer, if it is what fits there, and say what it was."""
    claim: dict[str, Any] = {"type": type(result).__name__, "is_tensor": type(result) is torch.Tensor}
    if type(result) is not torch.Tensor or result.__dict__:
        return claim | {"is_tensor": False}
    claim |= {
        "shape": list(result.shape),
        "dtype": str(result.dtype).removeprefix("torch."),
        "device": result.device.type,
        "aliases_input": any(
            isinstance(argument, torch.Tensor)
            and argument.untyped_storage().data_ptr() == result.untyped_storage().data_ptr()
            for argument in arguments
        ),
    }
    if result.shape == output.shape and result.dtype == output.dtype and result.device == output.device:
        output.copy_(result)
    return claim


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _describe(error: BaseException) -> str:
    text = ""
    with contextlib.suppress(Exception):  # an exception's own __str__ is the kernel's code too
        text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500]


def _trace() -> str:
    return traceback.format_exc()[-_TRACE_CHARS:]


def main(connection: socket.socket, confinement: Confinement, report: Report) -> None:
    """`run`, and an end without clean-up: nothing of the kernel's (atexit, finalizers) runs after the judge hung up."""
    try:
        run(connection, confinement, report)
    except BaseException:
        append_line(confinement.log_descriptor, traceback.format_exc()[-_TRACE_CHARS:])
        os._exit(70)
    os._exit(0)
