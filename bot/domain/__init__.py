"""Pure judgement: no I/O, no clock, no randomness, nothing but Python's standard library."""
