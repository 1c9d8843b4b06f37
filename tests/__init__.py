"""Tests mirror the rooms. `tests/promises` holds one file a promise; `tests/story` is read first."""
