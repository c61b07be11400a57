"""Exchanges and counters as pages ask for them: see `hallway.hub.directories.activity.Activity`."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.exchanges.model import Exchange
from hallway.hub.directories.activity import PAGE, Asked, Counts, Outcome
from hallway.hub.directories.resources import DirectoryKey
from hallway.store.database import Database, tenant
from hallway.store.exchanges import COLUMNS, exchange_of
from hallway.store.statement import statement

_NEWEST: Final = b"\xff" * 16
_HERE: Final = "organization_id = ?1 AND directory_id = ?2 AND id < ?3"
_STATUS: Final = "status >= ?4 AND status < ?5 AND seq >= ?6"
_LIMITED: Final = f"ORDER BY id DESC LIMIT {PAGE + 1}"

ANYBODY = statement(
    "activity",
    f"""SELECT {COLUMNS}, seq FROM exchange WHERE {_HERE} AND {_STATUS} AND (?7 = '' OR method = ?7)
        AND (?8 = '' OR {{instr}}(path, ?8) > 0) {_LIMITED}""",
)
SOMEBODY = statement(
    "activity_of",
    f"""SELECT {COLUMNS}, seq FROM exchange WHERE {_HERE} AND {_STATUS} AND (?7 = '' OR method = ?7)
        AND (answer_resource IN {{ids:8}} OR path IN {{texts:9}}) {_LIMITED}""",
)
COUNTS = statement(
    "activity_counts",
    """SELECT organization_id, hour, what, count FROM request_count
       WHERE organization_id = ?1 AND directory_id = ?2 AND hour >= ?3""",
)
_STATUSES: Final = {
    Outcome.ALL: (0, 1000, 0, ""),
    Outcome.CHANGED: (0, 400, 1, ""),
    Outcome.REFUSED: (400, 1000, 0, ""),
    Outcome.READ: (0, 400, 0, "GET"),
}


class ActivityStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def exchanges(self, key: DirectoryKey, asked: Asked) -> Sequence[Exchange]:
        """Found by walking back from the newest, away from the requests' path."""
        own = tenant(self._database, key.organization_id)
        low, high, seq, method = _STATUSES[asked.outcome]
        if asked.status is not None:
            low, high = asked.status, asked.status + 1
        common = (key.directory_id, asked.before or _NEWEST, low, high, seq, method)
        if asked.people is None:
            rows = await own.scan(ANYBODY, *common, asked.path)
        else:
            rows = await own.scan(SOMEBODY, *common, list(asked.people), list(asked.paths))
        return [exchange_of(key.organization_id, row) for row in rows]

    async def counts(self, key: DirectoryKey, since_hour: int) -> Counts:
        """Requests from an hour on."""
        found: dict[int, dict[str, int]] = {}
        rows = await tenant(self._database, key.organization_id).rows(COUNTS, key.directory_id, since_hour)
        for hour, what, count in cast("list[tuple[int, str, int]]", rows):
            found.setdefault(hour, {})[what] = count
        return found
