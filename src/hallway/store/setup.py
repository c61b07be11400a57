"""Set-up links and the browsers in which they were opened."""

from collections.abc import Sequence
from typing import Any, Final, cast

import orjson

from hallway.hub.organizations.members import MemberState
from hallway.hub.setup.model import (
    NewSetupLink,
    NewSetupSession,
    Progress,
    SetupLink,
    SetupLinkUpdate,
    SetupSession,
    SetupSessionEnd,
    Task,
)
from hallway.hub.setup.returning import Returns
from hallway.ids import ConnectionId, DirectoryId, OrganizationId, SetupLinkId, SetupSessionId
from hallway.store.database import Database, tenant
from hallway.store.members import MemberStore
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_LINK: Final = """organization_id, id, hash, label, tasks, email, code_hash, code_at, code_tries, progress, created_by,
    created_at, expires_at, opened_at, completed_at, revoked_at, version"""
_SESSION: Final = "organization_id, id, link_id, hash, created_at, expires_at, address, client"

BY_ID = statement("setup_link_by_id", f"SELECT {_LINK} FROM setup_link WHERE organization_id = ?1 AND id = ?2")
LINKS = statement(
    "setup_links", f"SELECT {_LINK} FROM setup_link WHERE organization_id = ?1 ORDER BY id DESC LIMIT 1000"
)
INSERT = statement(
    "setup_link_insert",
    f"""INSERT INTO setup_link ({_LINK})
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)""",
)
UPDATE = statement(
    "setup_link_update",
    """UPDATE setup_link SET code_hash = ?4, code_at = ?5, code_tries = ?6, progress = ?7, opened_at = ?8,
           completed_at = ?9, revoked_at = ?10, version = ?11, expires_at = ?12
       WHERE organization_id = ?1 AND id = ?2 AND version = ?3 AND completed_at IS NULL AND revoked_at IS NULL
       RETURNING organization_id""",
)
SESSION_BY_ID = statement(
    "setup_session_by_id", f"SELECT {_SESSION} FROM setup_session WHERE organization_id = ?1 AND id = ?2"
)
INSERT_SESSION = statement(
    "setup_session_insert",
    f"INSERT INTO setup_session ({_SESSION}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
)
END_SESSIONS = statement("setup_sessions_end", "DELETE FROM setup_session WHERE organization_id = ?1 AND link_id = ?2")
END_SESSION = statement("setup_session_end", "DELETE FROM setup_session WHERE organization_id = ?1 AND id = ?2")
FORGET_SESSIONS = statement(
    "setup_sessions_forget", "DELETE FROM setup_session WHERE organization_id = ?1 AND expires_at <= ?2"
)


class SetupLinkStore:
    """See `hallway.hub.setup.ports.SetupLinks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def link(self, organization_id: OrganizationId, link_id: SetupLinkId) -> SetupLink | None:
        """One link."""
        row = await tenant(self._database, organization_id).row(BY_ID, link_id)
        return None if row is None else _link(organization_id, row)

    async def links(self, organization_id: OrganizationId) -> Sequence[SetupLink]:
        """The newest thousand, newest first, whatever their state."""
        return [_link(organization_id, row) for row in await tenant(self._database, organization_id).rows(LINKS)]

    async def session(self, organization_id: OrganizationId, session_id: SetupSessionId) -> SetupSession | None:
        """One browser's session."""
        row = await tenant(self._database, organization_id).row(SESSION_BY_ID, session_id)
        if row is None:
            return None
        return SetupSession(*cast("tuple[SetupSessionId, SetupLinkId, bytes, int, int, str, str]", tuple(row)))


class ConcernedStore:
    """See `hallway.hub.setup.ports.Concerned`."""

    def __init__(self, members: MemberStore) -> None:
        self._members = members

    async def addresses(self, organization_id: OrganizationId) -> Sequence[str]:
        """The addresses of the administrators who can sign in."""
        return [one.email for one in await self._members.administrators(organization_id)]

    async def has_members(self, organization_id: OrganizationId) -> bool:
        """Whether anybody is an active member."""
        return (await self._members.counts(organization_id)).get(MemberState.ACTIVE, 0) > 0


def _link(organization_id: OrganizationId, row: ResultRow) -> SetupLink:
    one, digest, label, tasks, email, code, code_at, tries, progress, by, created, expires, *ends = cast(
        "tuple[SetupLinkId, bytes, str, str, str, bytes | None, int | None, int, bytes, str, int, int, int]",
        tuple(row),
    )
    opened, completed, revoked, version = cast("tuple[int | None, int | None, int | None, int]", tuple(ends))
    chosen = tuple(Task(word) for word in tasks.split())
    kept = orjson.loads(progress)
    returns = Returns(kept.get("return_url", ""), kept.get("success_url", ""))
    return SetupLink(
        one, organization_id, digest, label, chosen, by, created, expires, email, code, code_at, tries,
        _progress(kept), opened, completed, revoked, version, returns, kept.get("single_use", False),
    )  # fmt: skip


def _progress(kept: dict[str, Any]) -> Progress:
    made, connection = kept["directory"], kept.get("connection")
    return Progress(
        kept["provider"],
        None if made is None else DirectoryId(bytes.fromhex(made)),
        kept["domain"],
        kept["pasted"],
        None if connection is None else ConnectionId(bytes.fromhex(connection)),
    )


def _kept_text(link: SetupLink) -> bytes:
    """What has no column of its own: how far it is, and where it leads back to."""
    one = link.progress
    made = None if one.directory_id is None else one.directory_id.hex()
    connection = None if one.connection_id is None else one.connection_id.hex()
    kept = {"provider": one.provider, "directory": made, "domain": one.domain, "pasted": one.pasted}
    leads = {"return_url": link.returns.back, "success_url": link.returns.done, "single_use": link.single_use}
    return orjson.dumps({**kept, "connection": connection, **leads})


@writes(NewSetupLink)
def _insert(org: bytes, row: NewSetupLink) -> Sequence[Step]:
    one = row.link
    columns = (
        one.id, one.hash, one.label, " ".join(task.value for task in one.tasks), one.email, one.code_hash, one.code_at,
        one.code_tries, _kept_text(one), one.created_by, one.created_at, one.expires_at, one.opened_at,
        one.completed_at, one.revoked_at, one.version,
    )  # fmt: skip
    return [Step(INSERT, (org, *columns))]


@writes(SetupLinkUpdate)
def _update(org: bytes, row: SetupLinkUpdate) -> Sequence[Step]:
    one = row.link
    columns = (
        one.code_hash, one.code_at, one.code_tries, _kept_text(one), one.opened_at, one.completed_at,
        one.revoked_at, one.version, one.expires_at,
    )  # fmt: skip
    steps = [Step(UPDATE, (org, one.id, row.was.version, *columns), 1)]
    if one.completed_at is not None or one.revoked_at is not None:
        steps.append(Step(END_SESSIONS, (org, one.id)))
    return steps


@writes(NewSetupSession)
def _new_session(org: bytes, row: NewSetupSession) -> Sequence[Step]:
    one = row.session
    columns = (one.id, one.link_id, one.hash, one.created_at, one.expires_at, one.address, one.client)
    return [Step(FORGET_SESSIONS, (org, one.created_at)), Step(INSERT_SESSION, (org, *columns))]


@writes(SetupSessionEnd)
def _end_session(org: bytes, row: SetupSessionEnd) -> Sequence[Step]:
    return [Step(END_SESSION, (org, row.session_id))]
