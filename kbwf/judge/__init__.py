"""Trusted code: the judge, its bench and its measurements. What shares a process with a kernel is in `sandbox`."""
