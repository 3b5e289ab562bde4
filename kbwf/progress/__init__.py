"""What a run has done so far, as a line for a person and as a file for a machine."""
