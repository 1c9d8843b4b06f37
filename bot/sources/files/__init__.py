"""Files that a person exports and imports by hand: one kind a module, all read by `table.py`."""
