"""What Kindling knows and how it speaks. Knows neither who asks (`handlers`) nor what time it is (`jobs`)."""

__version__ = "0.1.0"
