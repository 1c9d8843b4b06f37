"""The invented people of Northwind Lantern Works: the same in the demo, the tests, the docs and the screenshots.

Nobody here exists, except that YOU stands for whoever runs the demo and asks to be in it.
`bot/playground/server.py` fills its workspace with them; tests take single members from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import InputError

COMPANY = "Northwind Lantern Works"
DOMAIN = "lantern.example"


@dataclass(frozen=True)
class Member:
    """One member of the workspace. `flags` are Slack's own: `is_bot`, `deleted`, `is_restricted` and so on."""

    slack_id: str
    email: str
    name: str
    timezone: str = "Europe/London"
    country: str = "GB"
    locale: str = "en-GB"
    role: str = ""
    manager_id: str | None = None
    story: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def is_employee(self) -> bool:
        """True for the people whom a tip may reach; false for bots, guests, invited and deactivated members."""
        return not self.flags


ADA = Member(
    "U0ADA", "ada.moreau@lantern.example", "Ada Moreau", "Europe/Paris", "FR", "fr-FR", "dev", "U0HANA",
    "Uses Claude Code in most weeks, and needs no tip. Manages Ben, Chidi and Dana.",
)  # fmt: skip
BEN = Member(
    "U0BEN", "ben.castell@lantern.example", "Ben Castell", "Europe/Madrid", "ES", "es-ES", "dev", "U0ADA",
    "Has held a Claude Code seat since January and has never opened it.",
)  # fmt: skip
CHIDI = Member(
    "U0CHIDI", "chidi.okafor@lantern.example", "Chidi Okafor", "Africa/Lagos", "NG", "en-NG", "dev", "U0ADA",
    "Works with long sessions that are read in again from scratch.",
)  # fmt: skip
DANA = Member(
    "U0DANA", "dana.lindqvist@lantern.example", "Dana Lindqvist", "Europe/Stockholm", "SE", "sv-SE", "biz", "U0ADA",
    "Signs in through claude.ai, which nothing here can see: unknown, not zero.",
)  # fmt: skip
EMI = Member(
    "U0EMI", "emi.tanaka@lantern.example", "Emi Tanaka", "Asia/Tokyo", "JP", "ja-JP", "dev", "U0HANA",
    "Used it in most weeks until January, and not at all since. Leads the assembly: fifty people.",
)  # fmt: skip
FINN = Member(
    "U0FINN", "finn.oconnell@lantern.example", "Finn O'Connell", "America/New_York", "US", "en-US", "ops", "U0HANA",
    "Lets agents work at night; one of them once ran away.",
)  # fmt: skip
GUS = Member(
    "U0GUS", "gus.almeida@lantern.example", "Gus Almeida", "America/Sao_Paulo", "BR", "pt-BR", "biz", "U0HANA",
    "Tried it for the first time last month: first steps. Leads shipping: forty people with seats, who have not begun.",
)  # fmt: skip
HANA = Member(
    "U0HANA", "hana.novak@lantern.example", "Hana Novak", "Europe/Prague", "CZ", "cs-CZ", "lead", None,
    "Leads the house and holds no seat. The second enablement lead: large campaigns wait for her word.",
)  # fmt: skip
ROBIN = Member(
    "U0ROBIN", "robin.osei@lantern.example", "Robin Osei", "Europe/London", "GB", "en-GB", "lead", "U0HANA",
    "The enablement lead, who set Kindling up and plans campaigns: /ai-nudge.",
)  # fmt: skip

YOU = Member(
    "U0YOU", "you@lantern.example", "You", "UTC", "", "en-GB", "dev", None,
    "The one who is not invented: your own session files on this machine, read here and kept nowhere.",
)  # fmt: skip
"""Only in a demo that was asked to show one's own card; nobody else's figures are ever this person's."""

EMPLOYEES = (ADA, BEN, CHIDI, DANA, EMI, FINN, GUS, HANA, ROBIN)

OTHERS = (
    Member("U0BOT", "deploys@lantern.example", "Deploy Bot", flags=frozenset({"is_bot"})),
    Member("U0GUEST", "ivo.guest@partner.example", "Ivo Guest", flags=frozenset({"is_restricted"})),
    Member("U0GONE", "jo.gone@lantern.example", "Jo Gone", flags=frozenset({"deleted"})),
    Member("U0INVITED", "kim.invited@lantern.example", "Kim Invited", flags=frozenset({"is_invited_user"})),
)
"""Members who must never be contacted."""

CAST = EMPLOYEES + OTHERS


def read_members(path: Path) -> tuple[Member, ...]:
    """Members from a JSON list of objects with the fields of `Member`; raises InputError with what is wrong."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_member(row) for row in rows)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: must be a JSON list of members with slack_id, email and name ({error}).") from error


def _member(row: dict[str, Any]) -> Member:
    return Member(**{**row, "flags": frozenset(row.get("flags", ()))})
