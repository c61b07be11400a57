"""The point in time that an xsd:dateTime names (RFC 7643 §2.3.5)."""

import re
from datetime import date

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))?"
)
_EPOCH = date(1970, 1, 1).toordinal()
_MOST_MINUTES_AHEAD = 14 * 60


def instant(text: str) -> int | None:
    """Nanoseconds since 1970-01-01T00:00:00Z; None where `text` is no xsd:dateTime of the years 1 to 9999.

    A time without an offset counts as UTC. `24:00:00` is the next midnight. Digits of a second beyond the
    ninth do not count.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    nanoseconds = int((found[7] or "")[:9].ljust(9, "0"))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second or nanoseconds)):
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    minutes = (days * 24 + hour) * 60 + minute
    if found[8] is not None:
        ahead = int(found[9]) * 60 + int(found[10])
        if int(found[10]) > 59 or ahead > _MOST_MINUTES_AHEAD:
            return None
        minutes += ahead if found[8] == "-" else -ahead
    return (minutes * 60 + second) * 1_000_000_000 + nanoseconds
