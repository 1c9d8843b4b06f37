"""What a commit message or a description says of itself: help by an AI, and what it takes back.

Only known addresses, account numbers, marks and labels count: a model's name may be part of a person's. What is found
proves help; finding nothing proves nothing. The text is looked at and dropped: what comes back is one of our own words,
a hash or a reference (P13). Called by the connectors of code hosts and of git history. Next: `bot/domain/outcomes.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

_TOOL_OF_ADDRESS = {
    "noreply@anthropic.com": "claude_code",
    "cursoragent@cursor.com": "cursor",
    "noreply@openai.com": "codex",
    "noreply@opencode.ai": "opencode",
    "amp@ampcode.com": "amp",
}
_TOOL_OF_GITHUB_ACCOUNT = {
    "223556219": "copilot",
    "198982749": "copilot",
    "175728472": "copilot",
    "176961590": "gemini",
}
"""By the account's number: GitHub writes addresses like `223556219+Copilot@users.noreply.github.com`."""
_TOOL_OF_LABEL = {"claude-code-assisted": "claude_code"}
_MACHINE_ADDRESSES = frozenset({"noreply@github.com", "actions@github.com"})
"""GitHub itself: the committer of what is merged in the browser, and of its workflows."""
_MACHINE_ACCOUNTS = frozenset({"copilot"})
"""GitHub's coding agent opens pull requests under this login, which has no "[bot]"."""

_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:[^<>\n]*<([^<>\n]+)>", re.IGNORECASE | re.MULTILINE)
_CLAUDE_CODE_LINE = re.compile(r"^[ \t]*(?:\N{ROBOT FACE}[ \t]*)?Generated with \[Claude Code\]\(", re.MULTILINE)
_COPILOT_SESSION = re.compile(r"^[ \t]*copilot-session:[ \t]*\S", re.IGNORECASE | re.MULTILINE)
_GITHUB_ADDRESS = re.compile(r"(\d+)\+[^@]+@users\.noreply\.github\.com")
_BOT_ACCOUNT = re.compile(r".*\[bot\]|(?:project|group)_\d+_bot(?:_.*)?")
"""Applications of GitHub; access tokens of GitLab's projects and groups. Their addresses begin in the same way."""

_REVERTING_SUBJECT = re.compile(r"\s*(?:revert|reapply)\b", re.IGNORECASE)
_REVERTED_COMMIT = re.compile(r"^This reverts commit ([0-9a-f]{64}|[0-9a-f]{40})\b", re.MULTILINE)
_REVERTED_REQUEST = re.compile(
    r"^(?:Reverts|This reverts merge request) ((?:[\w.-]+(?:/[\w.-]+)+)?[#!]\d+)\.?[ \t\r]*$", re.MULTILINE
)


def ai_evidence(message: str, labels: Sequence[str] = ()) -> str | None:
    """The tool that a message or a label names as a helper, and by which mark: "copilot co-author".

    None says nothing: marks can be switched off. The whole text is read, for a trailer of a squashed commit stands in
    the middle.
    """
    for address in _CO_AUTHOR.findall(message):
        if tool := _tool_of(address):
            return f"{tool} co-author"
    if _CLAUDE_CODE_LINE.search(message):
        return "claude_code line"
    if _COPILOT_SESSION.search(message):
        return "copilot session"
    tools = (_TOOL_OF_LABEL.get(label.strip().casefold()) for label in labels)
    return next((f"{tool} label" for tool in tools if tool), None)


def reverted_commit(message: str) -> str | None:
    """The hash of the commit that this commit takes back, the first when there are several.

    Both must be there, a subject that says so and git's own line: a squashed branch quotes the reverts of its own
    commits further down, and they take back nothing that was ever merged.
    """
    if not _REVERTING_SUBJECT.match(message):
        return None
    found = _REVERTED_COMMIT.search(message)
    return found.group(1) if found else None


def reverted_pull_request(body: str) -> str | None:
    """What a description says it takes back, as it is written: "owner/repo#412", and in the same project "#412" or
    GitLab's "!12". A line that goes on ("Reverts #412 in part") takes back only a part, which we do not follow.
    """
    found = _REVERTED_REQUEST.search(body)
    return found.group(1) if found else None


def is_machine(name: str, email: str) -> bool:
    """Whether an author or account is known to be no person, so that neither roster nor card should hold it."""
    account, address = name.strip().casefold(), email.strip().casefold()
    return (
        account in _MACHINE_ACCOUNTS
        or any(_BOT_ACCOUNT.fullmatch(one) for one in (account, address.partition("@")[0]))
        or address in _MACHINE_ADDRESSES
        or _tool_of(address) is not None
    )


def standing_reverted(reverts: Mapping[str, str]) -> frozenset[str]:
    """The refs that stand undone, given what each revert takes back (its own ref -> the other's).

    Something stands undone when one of its reverts stands itself: a revert of a revert restores, and so on along the
    chain. Refs that take each other back in a circle are not believed.
    """
    unsettled = Counter(reverts.values())
    undone: set[str] = set()
    settled = [ref for ref in reverts if ref not in unsettled]  # nobody takes these back: they stand
    seen = set(settled)
    while settled:
        revert = settled.pop()
        target = reverts.get(revert)
        if target is None or target in seen:
            continue
        unsettled[target] -= 1
        if revert not in undone:
            undone.add(target)
        elif unsettled[target]:
            continue
        seen.add(target)
        settled.append(target)
    return frozenset(undone)


def _tool_of(address: str) -> str | None:
    address = address.strip().casefold()
    found = _GITHUB_ADDRESS.fullmatch(address)
    return _TOOL_OF_GITHUB_ACCOUNT.get(found.group(1)) if found else _TOOL_OF_ADDRESS.get(address)
