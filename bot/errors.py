"""Everything that can go wrong, as a tree.

KindlingError
├── InputError          a file, an argument or the configuration is wrong: one sentence, exit code 2
├── SourceError         a data source did not give what it should; `permanent` when asking again is useless
└── SlackError
    ├── SlackRefused    Slack said no for good (to this person or this installation); nothing was sent
    ├── SlackBusy       Slack did not take it yet; nothing was sent, ask again after `retry_after_s`
    └── SlackUnclear    nobody knows whether it was sent: time-out, reset, 5xx
"""

from __future__ import annotations


class KindlingError(Exception):
    """Base of every error that Kindling raises on purpose."""


class InputError(KindlingError):
    """One sentence saying what is wrong, where, and how to mend it. Nothing was changed."""


class SourceError(KindlingError):
    """A data source failed. The message names neither keys nor people."""

    def __init__(self, message: str, *, permanent: bool, http_status: int | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.http_status = http_status


class SlackError(KindlingError):
    """A call to Slack did not succeed. `reason` is Slack's own error code or a short word of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SlackRefused(SlackError):
    """Permanent: the same call would be refused again. Nothing was sent."""


class SlackBusy(SlackError):
    """Temporary: nothing was sent, the whole workspace waits for `retry_after_s`."""

    def __init__(self, reason: str, *, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class SlackUnclear(SlackError):
    """Ambiguous: it may have been sent. Look before saying it again."""
