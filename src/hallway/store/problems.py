"""What went wrong lately in one organization: see `hallway.hub.operators.problems.Troubles`."""

from typing import cast

from hallway.hub.operators.problems import CONSOLE, HOUR, SIGN_IN, Signs
from hallway.ids import DirectoryId, OrganizationId, fresh_id
from hallway.store.database import Database, tenant
from hallway.store.statement import statement

TROUBLES = statement(
    "problems",
    # In one statement: a thousand organizations are asked in turn.
    """SELECT organization_id, directory_id, what, CAST(SUM(count) AS BIGINT) FROM request_count
       WHERE organization_id = ?1 AND hour >= ?2 AND what IN ('refused', 'unauthenticated', 'sign_in')
       GROUP BY organization_id, directory_id, what
       UNION ALL
       SELECT organization_id, connection_id, 'attempt', COUNT(*) FROM attempt
       WHERE organization_id = ?1 AND id >= ?3 AND outcome = 'refused' AND kind <> 'test'
       GROUP BY organization_id, connection_id
       UNION ALL
       SELECT organization_id, organization_id, state, COUNT(*) FROM domain
       WHERE organization_id = ?1 AND state = 'contested' GROUP BY organization_id, state""",
)


class TroubleStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, organization_id: OrganizationId, at: int) -> Signs:
        """What was refused from the hour of an instant on, and whether a domain is contested now."""
        rows = await tenant(self._database, organization_id).rows(TROUBLES, at // HOUR, fresh_id(at, bytes(10)))
        refused: dict[DirectoryId, dict[str, int]] = {}
        found = {SIGN_IN: 0, "attempt": 0, "contested": 0}
        for one, what, count in cast("list[tuple[bytes, str, int]]", rows):
            if what in found:
                found[what] += count
            elif one != CONSOLE:
                refused.setdefault(DirectoryId(one), {})[what] = count
        return Signs(refused, found[SIGN_IN], found["attempt"], found["contested"] > 0)
