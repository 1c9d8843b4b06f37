"""Whole stories, from a source to a message and back. `test_one_row.py` is read first."""
