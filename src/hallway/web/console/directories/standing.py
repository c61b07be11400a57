"""How a directory stands: what its health is judged by."""

from hallway.exchanges.model import HOUR
from hallway.hub.directories.health import Signs
from hallway.hub.directories.model import Directory, Standing
from hallway.hub.directories.not_applied import still_open
from hallway.hub.directories.resources import DirectoryKey
from hallway.web.wiring import Hub

_OPEN_AT_MOST = 100


async def signs_of(hub: Hub, directory: Directory) -> tuple[Signs, Standing]:
    """The signs of a directory, and its counts."""
    stores, now = hub.stores, hub.desk.clock()
    key = DirectoryKey(directory.organization_id, directory.id)
    standing = await stores.directories.standing(key)
    counts = await stores.activity.counts(key, now // HOUR - 48)
    tokens = await stores.directories.tokens(key)
    refused = await stores.exchanges.not_applied(directory.organization_id, directory.id)
    unapplied = await still_open(hub.desk, key, refused[:_OPEN_AT_MOST])
    return Signs(directory, tokens, standing.last_request_at, counts, len(unapplied), now), standing
