"""A candidate's process as a trial sees it: whatever it does, says or fails to say ends the trial with a status."""

from collections.abc import Callable

import torch

from kbwf.judge.clock import Clock
from kbwf.judge.processes import RunnerProcess
from kbwf.judge.results import Claims, Probes, Results, check_claims
from kbwf.records import EvalStatus
from kbwf.sandbox import messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Buffer, Capture, Done, Failed, Load, Loaded, Misfit, Run


class Rejected(Exception):
    """Ends a trial with a status; the kernel's doing, never the machine's."""

    def __init__(self, status: EvalStatus, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.trace = status, plain(message)[:500], plain(trace)


class Candidate:
    """Frozen but for its own requests. Every method raises `Rejected` for what is the kernel's doing.

    Attributes:
        process: whom it concerns to end.
    """

    def __init__(
        self,
        process: RunnerProcess,
        results: Results,
        outputs: list[Buffer],
        clock: Clock,
        load_of: Callable[[str | None], Load],
    ) -> None:
        """Args:
        results: reads what this process puts out. Made before a kernel's source is sent.
        outputs: what that looks like.
        load_of: what a candidate is asked to load, by its kernel's source; None is the reference itself.
        """
        self.process = process
        self._results, self._outputs, self._clock, self._load_of = results, outputs, clock, load_of

    def load(self, kernel_source: str | None, build: int | None) -> None:
        """Compile and build the model; None is the reference itself.

        Args:
            build: a file with what its compilers have made before, if they have.
        """
        descriptors = [] if build is None else [build]
        try:
            answer = self.process.ask(self._load_of(kernel_source), Loaded, descriptors=descriptors)
        except (TimeoutError, Closed, ProtocolError) as error:
            raise self._silence(error) from error
        if isinstance(answer, Failed):
            raise Rejected(EvalStatus.COMPILE_ERROR, answer.error, answer.trace)
        self._freeze()

    def run(self, request: Run) -> Claims:
        """Where the results of a request lie."""
        try:
            answer: Done | Misfit | Failed = self.process.ask_frozen(messages.encode(request), Done, Misfit)
        except (TimeoutError, Closed, ProtocolError) as error:
            raise self._silence(error) from error
        self._freeze()
        claims = self._accept(answer).results
        try:
            check_claims(claims, self._outputs, len(request.slots))
        except ProtocolError as error:
            raise self._silence(error) from error
        return claims

    def time(self, request: Run) -> tuple[float, Claims, Probes, list[torch.Tensor]]:
        """A request under the clock, as `Clock.time` gives it."""
        try:
            own_ms, answer, probes, found = self._clock.time(self.process, request, self._results, self._outputs)
        except (TimeoutError, Closed, ProtocolError) as error:
            raise self._silence(error) from error
        return own_ms, self._accept(answer).results, probes, found

    def capture(self, slots: list[int]) -> bool:
        """Whether it has captured a call for each of these slots as a CUDA graph."""
        try:
            answer = self.process.ask_frozen(messages.encode(Capture(slots=slots)), Done)
        except (TimeoutError, Closed, ProtocolError) as error:
            raise self._silence(error) from error
        self._freeze()
        return isinstance(answer, Done)

    def results(self, claims: Claims, call: int) -> list[torch.Tensor]:
        """The result of a call, until the next request."""
        try:
            pairs = zip(claims[call], self._outputs, strict=True)
            return [self._results.tensor(claim, layout) for claim, layout in pairs]
        except ProtocolError as error:
            raise self._silence(error) from error

    def probed(self, claims: Claims, probes: Probes) -> list[torch.Tensor]:
        """Chosen elements of all results, as they are now."""
        try:
            return self._results.probe(claims, probes)
        except ProtocolError as error:
            raise self._silence(error) from error

    def _freeze(self) -> None:
        try:
            self.process.freeze()
        except Closed as error:
            raise self._silence(error) from error

    def _accept(self, answer: Done | Misfit | Failed) -> Done:
        if isinstance(answer, Failed):
            raise Rejected(EvalStatus.RUNTIME_ERROR, answer.error, answer.trace)
        if isinstance(answer, Misfit):
            status = EvalStatus(answer.what)
            message = f"forward returned {answer.found}, expected {answer.expected}"
            if status == EvalStatus.INPUT_CHANGED:
                message = "the result shares memory with an input, the reference's does not"
            raise Rejected(status, message)
        return answer

    def _silence(self, error: Exception) -> Rejected:
        """What it means that a candidate did not answer."""
        if isinstance(error, TimeoutError):
            return Rejected(EvalStatus.TIMEOUT, "no answer within evaluation.timeout_s", self.process.end()[1])
        if isinstance(error, ProtocolError):
            return Rejected(EvalStatus.FLAGGED, f"the kernel's process sent what is no message: {error}")
        code, output = self.process.end(grace_s=1.0)
        how = f"signal {code - 128}" if code > 128 else f"exit code {code}"
        return Rejected(EvalStatus.CRASHED, f"the kernel's process ended by itself: {how}", output)


def plain(text: str) -> str:
    """What a kernel says may hold half characters, which no file can."""
    return text.encode(errors="replace").decode()
