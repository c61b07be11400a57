"""What a closed directory refused to end, and is still so: for whoever opens it again.

Rules: a person who was deactivated or deleted since is no longer listed; what cannot be told from the exchange
alone (members of a group, operations of a bulk request) stays listed for a person to look at.
"""

from collections.abc import Sequence

from hallway.exchanges.model import Exchange
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey, Stored
from hallway.ids import GROUP, USER, ResourceId, parsed


async def still_open(desk: Desk, key: DirectoryKey, refused: Sequence[Exchange]) -> list[Exchange]:
    """The refusals of which what they would have ended is there and active."""
    return [exchange for exchange in refused if await _is_open(desk, key, exchange)]


async def _is_open(desk: Desk, key: DirectoryKey, exchange: Exchange) -> bool:
    name = exchange.path.rpartition("/")[2]
    user, group = parsed(USER, name), parsed(GROUP, name)
    if user is not None:
        stored = await desk.resources.by_id(key, Kind.USER, ResourceId(user))
        return stored is not None and ("user.deactivated" not in exchange.not_applied or _is_active(stored))
    if group is not None:
        return await desk.resources.by_id(key, Kind.GROUP, ResourceId(group)) is not None
    return True


def _is_active(stored: Stored) -> bool:
    return resource_of(stored).get("active") is not False
