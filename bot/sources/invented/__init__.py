"""Invented companies: nobody in them exists, and the truth about everybody is known.

`crowd` is the small company of the demo. `company` makes one of any size that behaves as companies do, for the proof
that what Kindling concludes is so (docs/evidence/judgement.md). Next: `bot/sources/invented/company.py`.
"""

from bot.sources.invented.crowd import SEAT_COST_MICROUSD, TOOL, Behaviour, Character, Company, Merge, crowd
from bot.sources.invented.crowd_sessions import Habit

__all__ = ["SEAT_COST_MICROUSD", "TOOL", "Behaviour", "Character", "Company", "Habit", "Merge", "crowd"]
