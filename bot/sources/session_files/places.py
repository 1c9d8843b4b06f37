"""Where coding agents keep their session files on this machine.

Called by `bot/playground/demo.py`. Next: `bot/sources/session_files/reading.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def on_this_machine(environment: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """The folders to look in, whether they exist or not: the agents' own settings first, else their usual places."""
    claude = [Path(name.strip()) for name in environment.get("CLAUDE_CONFIG_DIR", "").split(",") if name.strip()]
    codex = environment.get("CODEX_HOME", "").strip()
    codex_home = Path(codex) if codex else home / ".codex"
    return (
        *(folder / "projects" for folder in claude or (home / ".claude", home / ".config" / "claude")),
        codex_home / "sessions",
        codex_home / "archived_sessions",
    )
