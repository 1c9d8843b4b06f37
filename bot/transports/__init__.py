"""How Kindling is reached: Slack over a WebSocket that we open or over HTTP, and the AI tools that push telemetry."""
