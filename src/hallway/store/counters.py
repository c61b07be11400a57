"""Writing what a `Recorder` gathered, and removing what is past its retention."""

from typing import cast

from hallway.exchanges.model import HOUR, Gathered
from hallway.ids import fresh_id
from hallway.store.database import Database, everywhere
from hallway.store.exchanges import KEEP_STRANGER, refusal_step
from hallway.store.organizations import ALL_OF_THEM
from hallway.store.statement import Step, statement

ADD_REQUESTS = statement(
    "request_count_add",
    """INSERT INTO request_count (organization_id, directory_id, hour, what, count) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (organization_id, directory_id, hour, what)
       DO UPDATE SET count = request_count.count + excluded.count""",
)
ADD_QUIRKS = statement(
    "quirk_count_add",
    """INSERT INTO quirk_count (organization_id, directory_id, quirk, count, last_at) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (organization_id, directory_id, quirk)
       DO UPDATE SET count = quirk_count.count + excluded.count, last_at = excluded.last_at""",
)
USED = statement(
    "token_used",
    """UPDATE token SET last_used_at = ?3, last_address = ?4, last_client = ?5,
         first_used_at = COALESCE(first_used_at, ?3)
       WHERE organization_id = ?1 AND id = ?2""",
)
REQUESTED = statement(
    "directory_requested",
    "UPDATE directory SET last_request_at = ?3 WHERE organization_id = ?1 AND id = ?2",
)
EXPIRE = statement(
    "exchanges_expired",
    """DELETE FROM exchange WHERE organization_id = ?1 AND directory_id IN
         (SELECT id FROM directory WHERE organization_id = ?1) AND id < ?2""",
)
EXPIRE_COUNTS = statement(
    "request_counts_expired", "DELETE FROM request_count WHERE organization_id = ?1 AND hour < ?2"
)


class CounterStore:
    """The store of a `Recorder`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, gathered: Gathered, now: int) -> None:
        """All of it in one transaction; an organization that was deleted meanwhile takes nothing.

        Rows are locked in one order, by table and key: two processes that flush at once then wait for each other
        in turn, and not in a circle.
        """
        alive = {cast("bytes", row[0]) for row in await everywhere(self._database, ALL_OF_THEM)}
        uses = sorted(gathered.uses.values(), key=lambda use: (use.organization_id, use.token_id))
        asked = {(use.organization_id, use.directory_id): use.at for use in sorted(uses, key=lambda use: use.at)}
        strangers = sorted(
            gathered.strangers, key=lambda kept: (kept[1].organization_id, kept[1].directory_id, kept[0])
        )
        steps = [
            *(Step(ADD_REQUESTS, (*key, count)) for key, count in sorted(gathered.requests.items())),
            *(Step(ADD_QUIRKS, (*key, count, now)) for key, count in sorted(gathered.quirks.items())),
            *(Step(USED, (use.organization_id, use.token_id, use.at, use.address, use.client)) for use in uses),
            *(Step(REQUESTED, (*key, at)) for key, at in sorted(asked.items())),
            *(refusal_step(exchange) for exchange in (*gathered.refusals, *gathered.reads)),
            *(
                Step(KEEP_STRANGER, (r.organization_id, r.directory_id, slot, r.at, r.method, r.path, r.reason,
                                     r.client, r.address))
                for slot, r in strangers
            ),
        ]  # fmt: skip
        await self._database.run([step for step in steps if step.params[0] in alive])

    async def expire(self, before: int) -> None:
        """Remove exchanges and hourly counters older than an instant, organization by organization."""
        oldest = fresh_id(before, bytes(10))
        for row in await everywhere(self._database, ALL_OF_THEM):
            org = cast("bytes", row[0])
            await self._database.run([Step(EXPIRE, (org, oldest)), Step(EXPIRE_COUNTS, (org, before // HOUR))])
