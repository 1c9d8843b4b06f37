"""The only room that says SQL. Next: `bot/store/tables/__init__.py`."""
