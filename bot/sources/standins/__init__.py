"""Strict stand-ins for the vendors' servers: the tests ask them, and the demo where no vendor is connected."""
