"""kbwf: a workflow that samples, judges and selects GPU kernels written by language models."""

__version__ = "0.1.0"
