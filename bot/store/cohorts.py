"""Who is in a campaign: drawn once, in one transaction, and never told to a lead.

Called by `jobs/enrol.py`, `jobs/decide.py`, `jobs/recheck.py` and `jobs/follow_campaigns.py`. Next: `jobs/enrol.py`.
"""

from __future__ import annotations
