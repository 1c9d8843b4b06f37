"""Page cursors of the stand-ins: opaque, tied to their question, and full of what breaks a query put together by hand.

Used by the stand-ins beside it.
"""

from __future__ import annotations

import base64
import json

_PREFIX = "page+/"
_SUFFIX = "=="


def cursor(question: str, number: int, start: int) -> str:
    """A cursor for page `number`, which begins at row `start`, of the answer to `question`."""
    return _PREFIX + base64.b64encode(json.dumps([question, number, start]).encode()).decode() + _SUFFIX


def read_cursor(text: str, question: str) -> tuple[int, int] | None:
    """The page's number and its first row; None for a cursor that was not given for this question."""
    try:
        content = base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX), validate=True)
        said, number, start = json.loads(content)
    except (ValueError, TypeError):
        return None
    return (number, start) if said == question and cursor(said, number, start) == text else None


def page_size(number: int, total: int, most: int) -> int:
    """Three pages at least for three rows or more, the second of them with a single row."""
    return 1 if number == 1 else max(1, min(most, -(-total // 3)))
