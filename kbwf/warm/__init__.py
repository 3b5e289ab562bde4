"""Long-lived helpers that many short jobs share."""
