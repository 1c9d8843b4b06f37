"""How Slack reaches Kindling: over a WebSocket that we open, or over HTTP. One Bolt app behind both."""
