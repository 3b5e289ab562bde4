"""One module per rule: read records, call the floors below, write records."""
