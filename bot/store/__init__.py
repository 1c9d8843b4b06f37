"""The only room that says SQL. Next: `bot/store/tables.py`."""
