"""Organizations: the global table of tenants."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.hub.organizations.model import (
    NewOrganization,
    Organization,
    OrganizationRemoval,
    OrganizationState,
    OrganizationUpdate,
    Plan,
)
from hallway.ids import OrganizationId
from hallway.store.database import Database, everywhere, tenant
from hallway.store.ledger import FOUND_HEAD
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_LAST: Final = b"\xff" * 16
_COLUMNS: Final = "organization_id, name, external_id, plan, state, created_at"

BY_ID = statement("organization_by_id", f"SELECT {_COLUMNS} FROM organization WHERE organization_id = ?1")
BY_EXTERNAL_ID = statement(
    "global_organization_by_external_id", f"SELECT {_COLUMNS} FROM organization WHERE external_id = ?1"
)
ALL_OF_THEM = statement("global_organizations", f"SELECT {_COLUMNS} FROM organization ORDER BY organization_id")
NEWEST = statement(
    "global_organizations_newest",
    f"SELECT {_COLUMNS} FROM organization WHERE organization_id < ?1 ORDER BY organization_id DESC LIMIT ?2",
)
COUNT = statement("global_organizations_count", "SELECT COUNT(*) FROM organization")
INSERT = statement("organization_insert", f"INSERT INTO organization ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
UPDATE = statement(
    "organization_update",
    """UPDATE organization SET name = ?2, external_id = ?3, plan = ?4, state = ?5 WHERE organization_id = ?1
       RETURNING organization_id""",
)
UPDATE_KNOWN = statement(
    "organization_update_known",
    """UPDATE organization SET name = ?2, external_id = ?3, plan = ?4, state = ?5
       WHERE organization_id = ?1 AND name = ?6 AND COALESCE(external_id, '') = ?7 AND plan = ?8 AND state = ?9
       RETURNING organization_id""",
)
TENANT_TABLES: Final = (
    "idempotent_answer", "receipt", "stream_pending", "stream", "delivery_attempt", "delivery", "lane", "endpoint",
    "seen_assertion", "refresh_token", "auth_code", "app_grant", "signing_key", "api_key", "application_secret",
    "application", "member_version",
    "exchange", "stranger_refusal", "quirk_count", "request_count", "member_past", "member", "resource_key",
    "resource_version", "resource_count", "resource", "token", "directory", "journal_personal", "journal",
    "enforcement", "refused_stranger", "attempt", "sso_session", "seen_message", "sign_in", "identity",
    "connection", "notice", "outgoing_mail", "operator", "setup_session", "setup_link", "contact", "domain",
    "invitation", "member_link", "organization_member", "mail_link", "session", "recovery_code", "passkey", "account",
)  # fmt: skip
"""Every table of tenants' rows, in an order in which they can be emptied."""
EMPTIED = tuple(
    statement(f"{table}_emptied", f"DELETE FROM {table} WHERE organization_id = ?1")
    for table in (*TENANT_TABLES, "feed", "journal_head", "place", "locator", "organization")
)

ENDED = statement("organization_ended", "INSERT INTO feed_ended (organization_id, at, told) VALUES (?1, ?2, ?3)")


class OrganizationStore:
    """See `hallway.hub.organizations.ports.Organizations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, organization_id: OrganizationId) -> Organization | None:
        """One organization."""
        row = await tenant(self._database, organization_id).row(BY_ID)
        return None if row is None else organization_of(organization_id, row)

    async def by_external_id(self, external_id: str) -> Organization | None:
        """The one that the vendor calls so."""
        rows = await everywhere(self._database, BY_EXTERNAL_ID, external_id)
        return _whole(rows[0]) if rows else None

    async def all(self) -> Sequence[Organization]:
        """Every organization, oldest first."""
        return [_whole(row) for row in await everywhere(self._database, ALL_OF_THEM)]

    async def newest(self, limit: int, before: OrganizationId | None = None) -> Sequence[Organization]:
        """The newest first; those that are older than `before`."""
        rows = await everywhere(self._database, NEWEST, before or _LAST, limit)
        return [_whole(row) for row in rows]

    async def count(self) -> int:
        """How many there are."""
        return cast("int", (await everywhere(self._database, COUNT))[0][0])


def _whole(row: ResultRow) -> Organization:
    return organization_of(OrganizationId(cast("bytes", row[0])), row[1:])


def organization_of(organization_id: OrganizationId, row: ResultRow) -> Organization:
    """A row without its first column."""
    name, external_id, plan, state, created = cast("tuple[str, str | None, str, str, int]", row)
    return Organization(organization_id, name, Plan(plan), OrganizationState(state), created, external_id)


@writes(NewOrganization)
def _insert(org: bytes, row: NewOrganization) -> Sequence[Step]:
    one = row.organization
    columns = (one.name, one.external_id, one.plan.value, one.state.value, one.created_at)
    return [Step(INSERT, (org, *columns)), Step(FOUND_HEAD, (org,))]


@writes(OrganizationUpdate)
def _update(org: bytes, row: OrganizationUpdate) -> Sequence[Step]:
    one, was = row.organization, row.was
    columns = (one.name, one.external_id, one.plan.value, one.state.value)
    if was is None:
        return [Step(UPDATE, (org, *columns), 1)]
    known = (was.name, was.external_id or "", was.plan.value, was.state.value)
    return [Step(UPDATE_KNOWN, (org, *columns, *known), 1)]


@writes(OrganizationRemoval)
def _remove(org: bytes, row: OrganizationRemoval) -> Sequence[Step]:
    return [*(Step(emptied, (org,)) for emptied in EMPTIED), Step(ENDED, (org, row.at, row.told))]
