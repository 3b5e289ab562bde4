"""Tasks, prompts, and the kernel in a response."""
