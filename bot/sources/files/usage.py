"""Opens a usage file: usage days (a `day` column) or single events (an `at` column), as CSV, NDJSON or Parquet.

Called by `jobs/import_usage.py`; kept by `bot/store/usage.py`. A small file is read row by row. A large one is offered
to the fast reader first, which either gives exactly what the careful one would give, or declines: only the careful one
says what is wrong with a file. Next: `bot/sources/files/usage_rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.sources.files.usage_columns import DAILY, EVENTS, UsageFile, UsagePart
from bot.sources.files.usage_rows import read_with_care

__all__ = ["DAILY", "EVENTS", "UsageFile", "UsagePart", "open_usage"]

FAST_FROM_BYTES = 512 * 1024
"""Below this the careful reader is through before DuckDB would have been loaded."""


@contextmanager
def open_usage(path: Path, *, fast_from_bytes: int = FAST_FROM_BYTES) -> Iterator[UsageFile]:
    """The usage in `path`, every row of it checked; InputError at the first row that will not do."""
    with ExitStack() as stack:
        yield _fast(stack, path, fast_from_bytes) or stack.enter_context(read_with_care(path))


def _fast(stack: ExitStack, path: Path, fast_from_bytes: int) -> UsageFile | None:
    if not path.is_file() or path.stat().st_size < fast_from_bytes:
        return None
    # Loaded only for large files: DuckDB costs a tenth of a second and 40 MB.
    from bot.sources.files.bulk import read_in_bulk  # noqa: PLC0415 - see above

    return read_in_bulk(stack, path)
