"""Applications and their secrets: see `hallway.hub.applications.ports.Applications`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import orjson

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.model import (
    Addresses,
    Application,
    ApplicationRemoval,
    ApplicationState,
    ApplicationUpdate,
    ClientSecret,
    ClientSecretEnd,
    Kind,
    NewApplication,
    NewClientSecret,
    NewSeenAssertion,
)
from hallway.ids import ApplicationId, ClientSecretId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_COLUMNS: Final = "organization_id, id, name, kind, state, body, created_at, version"
_SECRET: Final = "organization_id, id, application_id, hash, created_at, expires_at, last_used_at"  # noqa: S105

BY_ID = statement("application_by_id", f"SELECT {_COLUMNS} FROM application WHERE organization_id = ?1 AND id = ?2")
ALL_OF_THEM = statement("applications", f"SELECT {_COLUMNS} FROM application WHERE organization_id = ?1 ORDER BY id")
INSERT = statement(
    "application_insert", f"INSERT INTO application ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
)
UPDATE = statement(
    "application_update",
    """UPDATE application SET name = ?3, state = ?4, body = ?5, version = ?6
       WHERE organization_id = ?1 AND id = ?2 AND version = ?7 RETURNING organization_id""",
)
DELETE = statement(
    "application_delete",
    "DELETE FROM application WHERE organization_id = ?1 AND id = ?2 AND version = ?3 RETURNING organization_id",
)
SECRETS = statement(
    "application_secrets",
    f"SELECT {_SECRET} FROM application_secret WHERE organization_id = ?1 AND application_id = ?2 ORDER BY id",
)
NEW_SECRET = statement(
    "application_secret_insert",
    f"INSERT INTO application_secret ({_SECRET}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
)
END_SECRET = statement(
    "application_secret_end",
    """UPDATE application_secret SET expires_at = ?4 WHERE organization_id = ?1 AND application_id = ?2 AND id = ?3
       RETURNING organization_id""",
)
NO_SECRET = statement(
    "application_secret_delete",
    """DELETE FROM application_secret WHERE organization_id = ?1 AND application_id = ?2 AND id = ?3
       RETURNING organization_id""",
)
NO_SECRETS = statement(
    "application_secrets_delete", "DELETE FROM application_secret WHERE organization_id = ?1 AND application_id = ?2"
)
USED = statement(
    "application_secret_used",
    """UPDATE application_secret SET last_used_at = ?4 WHERE organization_id = ?1 AND application_id = ?2 AND id = ?3
       AND (last_used_at IS NULL OR last_used_at < ?4)""",
)
SEEN = statement(
    "seen_assertion_insert",
    "INSERT INTO seen_assertion (organization_id, application_id, hash, until) VALUES (?1, ?2, ?3, ?4)",
)
FORGET_SEEN = statement(
    "seen_assertions_forget",
    "DELETE FROM seen_assertion WHERE organization_id = ?1 AND application_id = ?2 AND until < ?3",
)


class ApplicationStore:
    """The port over either engine."""

    def __init__(self, database: Database, own: OrganizationId = DEPLOYMENT) -> None:
        self._database = database
        self._owner = own
        self._own = tenant(database, own)

    async def application(self, application_id: ApplicationId) -> Application | None:
        """One application."""
        row = await self._own.row(BY_ID, application_id)
        return None if row is None else _application(row)

    async def applications(self) -> Sequence[Application]:
        """All of them, oldest first."""
        return [_application(row) for row in await self._own.rows(ALL_OF_THEM)]

    async def secrets(self, application_id: ApplicationId) -> Sequence[ClientSecret]:
        """An application's secrets, oldest first."""
        rows = await self._own.rows(SECRETS, application_id)
        return [
            ClientSecret(*row)
            for row in cast(
                "list[tuple[ClientSecretId, ApplicationId, bytes, int, int | None, int | None]]",
                [tuple(r) for r in rows],
            )
        ]

    async def used(self, uses: Mapping[tuple[ApplicationId, ClientSecretId], int]) -> None:
        """Note when secrets were used last."""
        await self._database.run([Step(USED, (self._owner, *key, at)) for key, at in uses.items()])


def _application(row: ResultRow) -> Application:
    application_id, name, kind, state, body, created, version = cast(
        "tuple[ApplicationId, str, str, str, bytes, int, int]", tuple(row)
    )
    kept: dict[str, Any] = orjson.loads(body)
    addresses = Addresses(
        tuple(kept["redirect_uris"]), tuple(kept["post_logout_uris"]), kept["logout_uri"],
        tuple(kept["setup_return_uris"]),
    )  # fmt: skip
    return Application(
        application_id, name, Kind(kind), ApplicationState(state), created, addresses, kept["algorithm"], kept["jwks"],
        tuple(kept["scopes"]), tuple(kept["required"]), version,
    )  # fmt: skip


def _body(one: Application) -> bytes:
    return orjson.dumps(
        {
            "redirect_uris": one.addresses.redirect_uris,
            "post_logout_uris": one.addresses.post_logout_uris,
            "logout_uri": one.addresses.logout_uri,
            "setup_return_uris": one.addresses.setup_return_uris,
            "algorithm": one.algorithm,
            "jwks": one.jwks,
            "scopes": one.scopes,
            "required": one.required,
        }
    )


@writes(NewApplication)
def _insert(org: bytes, row: NewApplication) -> Sequence[Step]:
    one = row.application
    columns = (one.id, one.name, one.kind.value, one.state.value, _body(one), one.created_at, one.version)
    return [Step(INSERT, (org, *columns))]


@writes(ApplicationUpdate)
def _update(org: bytes, row: ApplicationUpdate) -> Sequence[Step]:
    one = row.application
    return [Step(UPDATE, (org, one.id, one.name, one.state.value, _body(one), one.version, row.was.version), 1)]


@writes(ApplicationRemoval)
def _remove(org: bytes, row: ApplicationRemoval) -> Sequence[Step]:
    one = row.application
    return [Step(DELETE, (org, one.id, one.version), 1), Step(NO_SECRETS, (org, one.id))]


@writes(NewClientSecret)
def _new_secret(org: bytes, row: NewClientSecret) -> Sequence[Step]:
    one = row.secret
    columns = (one.id, one.application_id, one.hash, one.created_at, one.expires_at, one.last_used_at)
    return [Step(NEW_SECRET, (org, *columns))]


@writes(ClientSecretEnd)
def _end_secret(org: bytes, row: ClientSecretEnd) -> Sequence[Step]:
    key = (org, row.secret.application_id, row.secret.id)
    return [Step(NO_SECRET, key, 1) if row.at is None else Step(END_SECRET, (*key, row.at), 1)]


@writes(NewSeenAssertion)
def _seen(org: bytes, row: NewSeenAssertion) -> Sequence[Step]:
    return [
        Step(FORGET_SEEN, (org, row.application_id, row.now)),
        Step(SEEN, (org, row.application_id, row.hash, row.until)),
    ]
