"""The process that runs one program: a candidate's kernel, or the reference. Forked from the launcher.

Everything here up to `Load` is trusted; from then on a candidate's process belongs to the kernel, and what it sends is
a claim. It owns no clock and sees no time: the judge's clock runs outside. The reference goes through the same code in
a process of the same kind, so that an unchanged kernel takes the same way.
"""

import contextlib
import gc
import os
import socket
import traceback
from typing import Any

import torch

from kbwf.sandbox import guard, messages
from kbwf.sandbox.archive import pack, unpack
from kbwf.sandbox.arena import Arena, claim_of, is_readable
from kbwf.sandbox.buffers import open_memory, open_ring
from kbwf.sandbox.confinement import Confinement, Report
from kbwf.sandbox.messages import (
    Build,
    Capture,
    Describe,
    Done,
    Load,
    Loaded,
    Open,
    Ready,
    Run,
)
from kbwf.sandbox.outcomes import TRACE_CHARS, Results, Stop, failure
from kbwf.sandbox.output import append_line
from kbwf.sandbox.problem import build_model, load_module
from kbwf.sandbox.reference import describe
from kbwf.sandbox.structure import unflatten
from kbwf.verdict.truth import forbid_tf32

_ARCH = "TORCH_CUDA_ARCH_LIST"


class Runner:
    """A model, the judge's slots, and what can be asked of the two."""

    def __init__(self, opening: Open, descriptors: list[int], device: torch.device) -> None:
        remaining = iter(descriptors)
        inputs_L_S = [open_ring(layout, next(remaining, None), device) for layout in opening.inputs]
        self.inputs_S_L = [[ring[slot] for ring in inputs_L_S] for slot in range(opening.num_slots)]
        input_storages = {each.untyped_storage().data_ptr() for ring in inputs_L_S for each in ring}
        self._arena = Arena(open_memory(opening.arena, device)) if opening.arena else None
        self._pool = self._arena.pool if self._arena else None
        self._results = Results(opening, input_storages, self._arena, device)
        self._arguments, self._device = opening.arguments, device
        self._token = torch.zeros(1, device=device)
        self._graphs: dict[tuple[int, ...], tuple[torch.cuda.CUDAGraph, list[list[torch.Tensor]]]] = {}
        self._values_S: list[list[Any]] = [[] for _ in range(opening.num_slots)]
        self._kept: list[list[torch.Tensor]] = []
        self._scratch = os.environ["HOME"]
        self.model: torch.nn.Module = torch.nn.Identity()
        self.reference: Any = None

    def load(self, request: Load, built: list[int]) -> Loaded:
        """Make the model; of what was built for it, what its compilers would make again is there already."""
        for descriptor in built:
            unpack(descriptor, self._scratch)
            os.close(descriptor)
        if not request.may_use_tf32:
            forbid_tf32()
        self.reference = load_module(request.reference_source, "reference")
        if request.source is None:
            module, class_name = self.reference, "Model"
        else:
            module, class_name = load_module(request.source, "kernel"), "ModelNew"
        self.model = build_model(
            module, class_name, self.reference, self._device, request.weights_seed, request.is_training
        )
        return Loaded()

    def build(self, request: Build, files: list[int]) -> Loaded:
        """Run a kernel's source where there is no GPU, for the sake of what it compiles, and pack that."""
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        if request.cuda_arch:
            os.environ[_ARCH] = request.cuda_arch
        try:
            reference = load_module(request.reference_source, "reference")
            module = load_module(request.source, "kernel")
            with torch.device("meta"):  # some compile when a model is made; weights are not needed
                module.ModelNew(*reference.get_init_inputs())
        finally:
            for descriptor in files:
                pack(self._scratch, descriptor)
                os.close(descriptor)
        return Loaded()

    def run(self, request: Run) -> Done:
        """One call for each slot; the results are kept until others are asked for."""
        results: list[list[torch.Tensor]] = []
        if request.slots:
            self._kept = results
        if request.values is not None:
            for slot, values in zip(request.slots, request.values, strict=True):
                self._values_S[slot] = values
        self._token.add_(1)  # an empty request pays, like any other, for the GPU's change to this process
        if request.with_graph:
            graph, results = self._graphs[tuple(request.slots)]
            graph.replay()
        elif request.slots:
            results = self._kept = self._called(request, self._pool)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return Done(results=[[claim_of(leaf, self._arena) for leaf in leaves] for leaves in results])

    def capture(self, request: Capture) -> Done:
        """Capture the calls of these slots as a CUDA graph, after a warm-up on the stream that captures."""
        self._kept = []  # their memory is needed
        stream = torch.cuda.Stream()
        calls = Run(slots=request.slots)
        with torch.cuda.stream(stream):
            self._called(Run(slots=request.slots[:1]), self._pool)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        pool: Any = self._pool.id if self._pool else None
        with torch.cuda.graph(graph, stream=stream, pool=pool):
            results = self._called(calls, pool=None)  # the capture takes from the pool itself
        if not all(is_readable(leaf, self._arena) for leaves in results for leaf in leaves):
            raise MemoryError("the results of a graph do not fit into the judge's memory")
        self._graphs[tuple(request.slots)] = graph, results
        return Done()

    def _called(self, request: Run, pool: Any) -> list[list[torch.Tensor]]:
        with self._device:  # which a task's own `torch.device` stands for
            arguments_C = [self._arguments_of(slot) for slot in request.slots]
        results: list[list[torch.Tensor]] = []
        with contextlib.ExitStack() as stack:
            if pool is not None:
                stack.enter_context(torch.cuda.use_mem_pool(pool))
            gc.disable()  # a collection inside one call would be counted as that call's
            stack.callback(gc.enable)
            for number, arguments in enumerate(arguments_C):
                try:
                    result = self.model(*arguments)
                    results.append(self._results.fitting(result, number))
                    result = None
                except Stop:
                    raise
                except BaseException as error:
                    raise Stop(failure(error, number)) from error
        return results

    def _arguments_of(self, slot: int) -> list[Any]:
        made: list[Any] = unflatten(self._arguments, iter(self.inputs_S_L[slot]), iter(self._values_S[slot]))
        return made


def run(connection: socket.socket, confinement: Confinement, report: Report) -> None:
    """Open the judge's buffers, lock the doors, and do what the judge asks until it hangs up."""
    device = torch.device(confinement.device)
    if device.type == "cuda":
        torch.cuda.init()
        square = torch.zeros((8, 8), device=device)
        torch.mm(square, square)  # a tenth of a second goes into cuBLAS's start, which nobody waits for here
        os.environ[_ARCH] = cuda_arch_of(device)  # as for a build elsewhere, so that what was built there is taken
    else:
        torch.set_num_threads(confinement.num_threads)
    opening, descriptors = messages.receive_with_descriptors(connection, Open)
    runner = Runner(opening, descriptors, device)
    memory = [os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)] if device.type == "cpu" else []
    report = guard.lock_down(confinement, report)
    messages.send(connection, Ready(applied=list(report.applied), missing=list(report.missing)), memory)
    for descriptor in memory:
        os.close(descriptor)
    with torch.no_grad():
        while True:
            request, files = messages.receive_with_descriptors(connection, Load, Run, Capture, Describe, Build)
            try:
                if isinstance(request, Run):
                    reply: Any = runner.run(request)
                elif isinstance(request, Load):
                    reply = runner.load(request, files)
                elif isinstance(request, Build):
                    reply = runner.build(request, files)
                elif isinstance(request, Capture):
                    reply = runner.capture(request)
                else:
                    reply = describe(runner.reference, runner.model, request.seed, device, request.admits)
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
            except Stop as stop:
                reply = stop.message
            except BaseException as error:
                reply = failure(error, 0)
            messages.send(connection, reply)


def cuda_arch_of(device: torch.device) -> str:
    """What torch's extensions are compiled for where nobody says: this device, and intermediate code for later ones."""
    return "{}.{}+PTX".format(*torch.cuda.get_device_capability(device))


def main(connection: socket.socket, confinement: Confinement, report: Report) -> None:
    """`run`, and an end without clean-up: nothing of the kernel's (atexit, finalizers) runs after the judge hung up."""
    try:
        run(connection, confinement, report)
    except BaseException:
        append_line(confinement.log_descriptor, traceback.format_exc()[-TRACE_CHARS:])
        os._exit(70)
    os._exit(0)
