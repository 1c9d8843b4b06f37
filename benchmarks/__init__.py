"""Ratios against what one would do instead. `make bench` runs each file; the figures stand in README.md beside this."""
