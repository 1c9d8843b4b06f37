"""OTLP: what the AI tools push by themselves. `decode.py` reads requests; one tool a file, all in `tools.py`."""
