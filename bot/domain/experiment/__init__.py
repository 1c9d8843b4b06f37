"""Did the tips of a campaign help? Who is held out, what can be seen at all, and what the outcomes prove.

Pure, and without a library: `assignment` draws the arms, `power` says before the launch what could be seen, `evidence`
judges with an interval that survives being looked at every day, `pooled` learns over campaigns, `publishing` decides
what a lead may see of it. Why so, and what it costs: `docs/why/evidence.md`. Next: `bot/domain/experiment/waves.py`.
"""
