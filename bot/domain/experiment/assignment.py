"""Who is held out: a keyed draw inside strata, frozen when a wave is drawn.

The key makes the draw repeatable for us and unforeseeable for everybody else: whoever lacks the secret cannot tell from
the members who hears nothing. Inside each stratum (team and state) the wanted share is held out to the nearest person,
and the rest of a person is drawn too, so that the expected share is exact in a stratum of one as in one of a thousand,
and both arms hold the same mixture of teams and states. Later waves are drawn by themselves: put the day into the key.
Called by `jobs` when a wave is frozen. Next: `bot/domain/experiment/waves.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping


def hold_out(*, secret: bytes, campaign_key: str, strata: Mapping[int, str], percent: int) -> frozenset[int]:
    """Those of the people (by stratum) who are held out. `campaign_key` names the campaign and the wave."""
    if not 0 <= percent < 100:
        raise ValueError("the hold-out is a share from 0 to 99 percent")
    by_stratum: defaultdict[str, list[int]] = defaultdict(list)
    for person, stratum in strata.items():
        by_stratum[stratum].append(person)
    held: list[int] = []
    for stratum, people in by_stratum.items():
        places, rest = divmod(percent * len(people), 100)
        places += _drawn(secret, campaign_key, "place", stratum) % 100 < rest
        held += sorted(people, key=lambda person: _drawn(secret, campaign_key, "person", str(person)))[:places]
    return frozenset(held)


def _drawn(secret: bytes, *words: str) -> int:
    """A number that is as good as random to whoever lacks the secret; the length of each word keeps them apart."""
    message = b"".join(len(word.encode()).to_bytes(4, "big") + word.encode() for word in words)
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256), "big")
