"""What went wrong lately, organization by organization: see `hallway.hub.operators.problems.Refusals`."""

from collections.abc import Mapping
from typing import cast

from hallway.ids import DirectoryId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.statement import statement

REFUSED = statement(
    "problems_refused",
    """SELECT organization_id, directory_id, what, SUM(count) FROM request_count
       WHERE organization_id = ?1 AND hour >= ?2 AND what IN ('refused', 'unauthenticated')
       GROUP BY organization_id, directory_id, what""",
)


class RefusalStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, organization_id: OrganizationId, hour: int) -> Mapping[DirectoryId, Mapping[str, int]]:
        """How many requests to each directory were refused from an hour on, with a token and without."""
        found: dict[DirectoryId, dict[str, int]] = {}
        rows = await tenant(self._database, organization_id).rows(REFUSED, hour)
        for directory_id, what, count in cast("list[tuple[DirectoryId, str, int]]", rows):
            found.setdefault(directory_id, {})[what] = int(count)
        return found
