"""Where the numbers come from: one connector or file kind a module. Next: `bot/sources/catalogue.py`."""
