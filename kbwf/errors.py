"""Every error the project raises on purpose, with the exit code its command line ends in.

    KbwfError                      1
    ├── ConfigError                2   the configuration asks for something impossible
    ├── TaskError                  3   a task or its source is missing or malformed
    ├── PolicyError                4   a model cannot be loaded, or cannot do what was asked
    ├── RecordError                5   a record on disk does not say what it must
    └── InfrastructureError       75   GPU lost, worker gone: the same job may succeed when tried again

A kernel that fails is no error: it is an `Evaluation` with a status. 75 is EX_TEMPFAIL of sysexits.h.
"""


class KbwfError(Exception):
    """A message for the user: it names the thing, the value found and the way out."""

    exit_code = 1


class ConfigError(KbwfError, ValueError):
    """The configuration asks for something impossible."""

    exit_code = 2


class TaskError(KbwfError):
    """A task or its source is missing or malformed."""

    exit_code = 3


class TaskTooLargeError(TaskError):
    """A task needs more memory than there is."""


class PolicyError(KbwfError):
    """A model cannot be loaded, or cannot do what was asked."""

    exit_code = 4


class RecordError(KbwfError):
    """A record on disk does not say what it must."""

    exit_code = 5


class InfrastructureError(KbwfError):
    """The machine failed, not the kernel; the job is worth another try."""

    exit_code = 75
