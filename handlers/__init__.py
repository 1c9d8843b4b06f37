"""A person asks. Next: `handlers/ai_stats.py`."""
