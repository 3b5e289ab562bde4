"""What shares a process with a kernel, and what stands between the two and the machine."""
