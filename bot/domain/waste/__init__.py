"""Waste patterns, one detector a file. Next: `bot/domain/waste/finding.py`."""
