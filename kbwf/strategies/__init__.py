"""Rules that choose one sample of a task."""
