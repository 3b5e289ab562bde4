"""The reference's process beside a candidate: what it cannot do, no kernel is to blame for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.clock import Clock
from kbwf.judge.processes import RunnerProcess
from kbwf.judge.results import Claims, Results
from kbwf.sandbox import messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Buffer, Capture, Done, Failed, Load, Loaded, Misfit, Run


class Unfit(Exception):
    """On the inputs of this call the reference failed, or gave a result of another shape than it was described with."""

    def __init__(self, call: int, reason: str) -> None:
        super().__init__(reason)
        self.call = call


class Reference:
    """Frozen but for its own requests, like the candidate that it is held against (`Candidate`).

    Every method raises `InfrastructureError` where the process is gone.

    Attributes:
        process: whom it concerns to end.
    """

    def __init__(
        self,
        process: RunnerProcess,
        results: Results,
        outputs: list[Buffer],
        clock: Clock,
        task_id: str,
        limit_s: float,
    ) -> None:
        """Args:
        results: reads what this process puts out.
        outputs: what that looks like.
        limit_s: how long one request may take.
        """
        self.process = process
        self._results, self._outputs, self._clock = results, outputs, clock
        self._task_id, self._limit_s = task_id, limit_s
        self._claims: Claims = []
        """Where the last timed results lie."""

    def load(self, message: Load) -> None:
        """Build the model.

        Raises:
            InfrastructureError: it failed, though it could be described.
        """
        with self._asking():
            self._accept(self.process.ask(message, Loaded))
            self.process.freeze()

    def run(self, request: Run) -> Claims:
        """Compute the expected results of a request; returns where they lie.

        Raises:
            Unfit: it cannot take these inputs.
        """
        with self._asking():
            answer: Any = self.process.ask_frozen(messages.encode(request), Done, Misfit)
            self.process.freeze()
        if isinstance(answer, Failed | Misfit):
            raise Unfit(answer.num_done, _reason(answer))
        claims: Claims = answer.results
        return claims

    def time(self, request: Run) -> tuple[float, Claims]:
        """Milliseconds of a request, frozen before and after like a candidate, and its results.

        With an empty request, as many of its last results are read as with the request that they are of, so that what
        that costs is known too.

        Raises:
            InfrastructureError: also where it failed.
        """
        with self._asking():
            took_ms, answer, _, _ = self._clock.time(self.process, request, self._results, self._outputs, self._claims)
            self._accept(answer)
            assert isinstance(answer, Done), "anything else was not accepted"
        self._claims = answer.results or self._claims
        return took_ms, answer.results

    def capture(self, slots: list[int]) -> bool:
        """Whether it has captured a call for each slot as one CUDA graph."""
        with self._asking():
            answer = self.process.ask_frozen(messages.encode(Capture(slots=slots)), Done)
            self.process.freeze()
        return isinstance(answer, Done)

    def results(self, claims: Claims, call: int) -> list[torch.Tensor]:
        """The expected result of a call, until the next request."""
        pairs = zip(claims[call], self._outputs, strict=True)
        with self._asking():
            return [self._results.tensor(claim, layout) for claim, layout in pairs]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self.process.limit_s = self._limit_s
        try:
            yield
        except (Closed, TimeoutError, ProtocolError) as error:
            raise InfrastructureError(f"{self._task_id}: the reference's process is gone") from error

    def _accept(self, answer: Any) -> None:
        if isinstance(answer, Failed | Misfit):
            raise InfrastructureError(f"{self._task_id}: {_reason(answer)}")


def _reason(answer: Failed | Misfit) -> str:
    if isinstance(answer, Failed):
        return f"the reference failed: {answer.error}"
    return f"the reference returned {answer.found}, {answer.expected} when it was described"
