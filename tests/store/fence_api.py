"""What the REST API reads, asked for in another organization's name: part of `test_fence.py`.

Both tables have rows of the deployment alone; here they are Beta's, so that their statements are tried as all others.
"""

from typing import Any, Final

from hallway.hub.applications.api_keys import ApiKey, NewApiKey
from hallway.ids import ApiKeyId
from hallway.store import api_keys, idempotency
from hallway.store.database import tenant
from hallway.store.statement import Step
from tests.store.stage import Stage


async def settle_api(stage: Stage, secret: str) -> dict[str, Any]:
    """An API key and a kept answer of Beta's."""
    owner, now = stage.directories[2].organization_id, stage.desk.now()
    key = ApiKey(ApiKeyId(stage.desk.fresh_id()), secret, b"h" * 32, ("members:read",), now)
    await stage.write(NewApiKey(key), organization=owner)
    await stage.database.run([Step(idempotency.BEGIN, (owner, b"k" * 32, b"r" * 32, secret.encode(), now), 1)])
    return {"api_key": key.id}


async def _row(t: Any, statement: Any, *parameters: Any) -> object:
    return await tenant(t.stage.database, t.key.organization_id).rows(statement, *parameters)


API_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "api_key_by_id": (api_keys, "BY_ID", lambda t: _row(t, api_keys.BY_ID, t.ids["api_key"])),
    "api_keys": (api_keys, "KEYS", lambda t: _row(t, api_keys.KEYS)),
    "idempotent_answer": (idempotency, "KEPT", lambda t: _row(t, idempotency.KEPT, b"k" * 32)),
}
