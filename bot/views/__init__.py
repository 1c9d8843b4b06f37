"""How Kindling speaks: pure functions from what it knows to Block Kit. Start at `tip.py`."""
