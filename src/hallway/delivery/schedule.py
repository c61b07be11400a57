"""When to try again: later and later over about three days, never all at once, and when the endpoint asks for it.

Rules: each pause is that of the table, or up to a fifth longer; `Retry-After` makes it longer, up to a day; who asks
for more and more is given up when four days are over.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from hallway.delivery.model import SECOND

MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
WAITS: Final = (
    5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE,
    2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR,
)  # fmt: skip
"""Between the attempts at one event: twelve of them in three days."""
SILENT: Final = sum(WAITS)
"""An endpoint that took nothing for so long, though one event was given up for its sake, is switched off."""
MOST_ASKED: Final = 24 * HOUR
GIVEN_UP: Final = 96 * HOUR


def next_try(tries: int, since: int, now: int, asked: int, chance: float) -> int | None:
    """When to try again after so many `tries` since an instant; None where that was the last.

    `asked` is the pause that the endpoint asked for (0: none), `chance` lies between 0 and 1.
    """
    if tries > len(WAITS):
        return None
    pause = int(WAITS[tries - 1] * (1 + 0.2 * chance))
    due_at = now + max(pause, min(asked, MOST_ASKED))
    return due_at if due_at <= since + GIVEN_UP else None


def retry_after(headers: Mapping[str, str], now: int) -> int:
    """The pause that an answer asks for, in microseconds; 0 where it asks for none that is understood."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text) * SECOND
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0
    instant = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(0, int(instant.timestamp() * SECOND) - now)
