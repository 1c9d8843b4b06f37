"""What people call the tools.

Called by `bot/domain/tips.py` and `bot/views/pieces.py`. Next: `bot/domain/tips.py`.
"""

from __future__ import annotations

_TOOL_NAMES = {
    "claude_code": "Claude Code",
    "claude_chat": "Claude chat",
    "claude_cowork": "Claude Cowork",
    "claude_office": "Claude for Office",
    "anthropic_api": "the Anthropic API",
    "codex": "Codex",
    "chatgpt": "ChatGPT",
    "openai_api": "the OpenAI API",
    "copilot": "GitHub Copilot",
    "copilot_cli": "Copilot CLI",
    "copilot_agent": "Copilot agent",
    "cursor": "Cursor",
    "gemini_cli": "Gemini CLI",
}


TOOLS = tuple(_TOOL_NAMES)
"""Every tool that has a name here, by its id."""


def tool_name(tool: str) -> str:
    """How people call a tool; an unknown one goes by its own id."""
    return _TOOL_NAMES.get(tool) or tool.removeprefix("other:").replace("_", " ")
