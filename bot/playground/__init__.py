"""A Slack workspace in the browser, on 127.0.0.1: the demo, the development environment and the tests' Slack.

The unchanged bot talks to it over Slack's own Web API and Socket Mode (or signed HTTP). It keeps Slack's contract
and refuses what Slack refuses. Start reading at `bot/playground/server.py`; the people in it are in `cast.py`.
"""
