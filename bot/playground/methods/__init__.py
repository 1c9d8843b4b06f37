"""The methods of Slack's Web API that the playground answers, one file a family."""
