"""The session files that coding agents keep on the machine they run on, read for counters only.

`reading.py` goes through folders, `claude_code.py` and `codex.py` know one format each, `lines.py` is what both need,
`places.py` knows where the files are on this machine. Next: `bot/sources/session_files/reading.py`.
"""
