"""Where policies run."""
