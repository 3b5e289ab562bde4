"""What judge, launcher and runner say to each other. Both sides import this, and there is no other vocabulary.

Every message is checked on arrival: exact types, no unknown field, no NaN. What a candidate says is a claim even so.
"""

import socket
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kbwf.sandbox import channel
from kbwf.sandbox.channel import ProtocolError
from kbwf.verdict.variations import Admits
from kbwf.verdict.yardstick import Yardstick

Short = Annotated[str, Field(max_length=500)]
Trace = Annotated[str, Field(max_length=8000)]
Plain = bool | int | float | str | None | dict[str, Any] | list[Any]
"""A value that is no tensor, as `structure` writes it."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Buffer(_Message):
    """Memory for `num_slots` tensors of one layout, one after the other, `slot_bytes` apart."""

    shape: list[int]
    stride: list[int]
    dtype: Short
    num_slots: int
    slot_bytes: int
    handle: Short | None = None
    """CUDA IPC handle in hex; on the CPU the memory file's descriptor comes beside the message."""


class Start(_Message):
    """To the launcher: fork a runner. Beside it: its connection, its control and the file its output goes to."""

    kind: Literal["start"] = "start"
    device: Short
    num_threads: int
    max_memory_gb: float
    shown: list[str]
    others_can_read: bool


class Started(_Message):
    """The runner's guard."""

    kind: Literal["started"] = "started"
    pid: int


class End(_Message):
    """To the launcher: end a runner with all it started."""

    kind: Literal["end"] = "end"
    pid: int
    grace_s: float
    """How long a runner that hung up by itself may take to end, so that the code is its own."""


class Ended(_Message):
    """Exit code, 128 + n for signal n."""

    kind: Literal["ended"] = "ended"
    code: int


class Open(_Message):
    """To a runner, first: the judge's buffers. Beside it, on the CPU, a descriptor for each of the inputs."""

    kind: Literal["open"] = "open"
    inputs: list[Buffer] = []
    num_slots: int = 0
    """Of each of the inputs; also where there are none."""
    arena: Buffer | None = None
    """On a GPU, the memory that results are cut from."""
    outputs: list[Buffer] = []
    """What results look like; no memory."""
    arguments: list[Any] = []
    """How `forward`'s arguments are put together from a slot's inputs (`structure`)."""
    result: list[Any] = []
    """The same for what it returns."""
    may_alias: list[bool] = []
    """For each output, whether it may share memory with an input."""


class Ready(_Message):
    """From a runner: its doors are locked. Beside it, on the CPU, a file through which its memory can be read."""

    kind: Literal["ready"] = "ready"
    applied: list[Short]
    missing: list[Short]


class Build(_Message):
    """Run a kernel's source for what its compilers make. Beside it: an empty file, which they are packed into."""

    kind: Literal["build"] = "build"
    reference_source: str
    source: str
    cuda_arch: Short | None
    """Of the GPU that it is for, as in TORCH_CUDA_ARCH_LIST; none is to be seen here."""


class Load(_Message):
    """Make a model. The reference's `get_init_inputs` say with what. Beside it, if there are any: what was built."""

    kind: Literal["load"] = "load"
    reference_source: str
    source: str | None
    """The kernel's; None loads the reference itself."""
    weights_seed: int
    is_training: bool
    """Whether the module is in training mode, KernelBench's choice."""
    may_use_tf32: bool = True
    """Whether torch's own operations may, where that is torch's default."""


class Loaded(_Message):
    """The model is there."""

    kind: Literal["loaded"] = "loaded"


class Describe(_Message):
    """To the reference's runner: say what goes in, what comes out, and what results can be held to."""

    kind: Literal["describe"] = "describe"
    seed: int
    admits: Admits | None
    """What the task says that its inputs admit; None to try it out."""


class Description(_Message):
    """Layouts of a task's inputs and outputs (`num_slots` 1), and how the reference behaves."""

    kind: Literal["description"] = "description"
    arguments: list[Any]
    inputs: list[Buffer]
    values: list[Plain]
    result: list[Any]
    outputs: list[Buffer]
    aliases: list[bool]
    """For each output: it shares memory with an input."""
    changes_inputs: bool
    equals_itself: bool
    """A second call with equal inputs gives equal outputs, to within half precision's last bits."""
    peak_bytes: int
    """What the reference's call takes on the GPU beside inputs and outputs; 0 on a CPU."""
    yardstick: Yardstick
    """By what results are judged right."""
    may_use_tf32: bool = True
    """False where the reference's rounding to TF32 hides its result: it and every kernel then go without."""


class Run(_Message):
    """Call the model once for each slot, in this order, and say where the results lie."""

    kind: Literal["run"] = "run"
    slots: list[int]
    values: list[list[Plain]] | None = None
    """For each slot; None where a task has no values, or they are always the same."""
    with_graph: bool = False
    """Replay the graph that was captured for these slots."""


class Capture(_Message):
    """Capture a CUDA graph of one call for each slot, in this order."""

    kind: Literal["capture"] = "capture"
    slots: list[int]


class Done(_Message):
    """All work is done."""

    kind: Literal["done"] = "done"
    results: list[list[list[int]]] = []
    """For each call, for each of its tensors: where it lies (`arena.claim_of`), until the next request."""


MisfitKind = Literal["wrong_type", "wrong_shape", "wrong_dtype", "input_changed"]
"""What a misfit is called in an evaluation: each a value of `records.EvalStatus`."""


class Misfit(_Message):
    """A result that fits in no output: of another type, structure, shape, dtype or device, or an alias of an input."""

    kind: Literal["misfit"] = "misfit"
    what: MisfitKind
    found: Short
    expected: Short
    num_done: int


class Failed(_Message):
    """An exception, and where it came from."""

    kind: Literal["failed"] = "failed"
    error: Short
    trace: Trace = ""
    is_out_of_memory: bool = False
    num_done: int = 0


Message = Annotated[
    Start | Started | End | Ended | Open | Ready | Build | Load | Loaded | Describe | Description | Run | Capture
    | Done | Misfit | Failed,
    Field(discriminator="kind"),
]  # fmt: skip
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Message)


def encode(message: _Message) -> bytes:
    """A message's frame."""
    return channel.frame_of(message.model_dump_json().encode(errors="replace"))


def send(connection: socket.socket, message: _Message, descriptors: list[int] | None = None) -> None:
    """Send one message.

    Raises:
        Closed: the other side is gone.
    """
    channel.send_frame(connection, encode(message), descriptors)


def receive(connection: socket.socket, *kinds: type[_Message], deadline_s: float | None = None) -> Any:
    """The next message, which is of one of these kinds.

    Raises:
        TimeoutError, Closed, ProtocolError: as in `channel.receive`; also for bytes that are no such message.
    """
    return _checked(channel.receive(connection, deadline_s)[0], kinds)


def receive_with_descriptors(
    connection: socket.socket, *kinds: type[_Message], deadline_s: float | None = None
) -> tuple[Any, list[int]]:
    """The same, with what was sent beside it."""
    body, descriptors = channel.receive(connection, deadline_s, with_descriptors=True)
    return _checked(body, kinds), descriptors


def _checked(body: bytes, kinds: tuple[type[_Message], ...]) -> Any:
    try:
        message = _ADAPTER.validate_json(body)
    except (ValidationError, RecursionError) as error:
        raise ProtocolError(f"no message: {str(error)[:200]}") from error
    if not isinstance(message, kinds):
        raise ProtocolError(f"a message {message.kind!r} out of turn")
    return message
