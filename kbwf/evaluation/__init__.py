"""The judge and what it needs."""
