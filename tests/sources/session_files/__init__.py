"""Tests of the readers of session files."""
