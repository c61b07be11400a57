"""Invitations, and what ends with the member who made them."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from hallway.hub.organizations.invitations import (
    AddressFree,
    Invitation,
    InvitationsEnded,
    InvitationUpdate,
    NewInvitation,
)
from hallway.hub.organizations.leaving import SetupLinksEnded
from hallway.hub.organizations.members import Role, email_key
from hallway.ids import MEMBER, InvitationId, MemberId, OrganizationId, wire
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_COLUMNS: Final = """organization_id, id, member_id, email, role, hash, created_by, created_at, expires_at,
    accepted_at, revoked_at"""

BY_ID = statement("invitation_by_id", f"SELECT {_COLUMNS} FROM invitation WHERE organization_id = ?1 AND id = ?2")
NEWEST = statement(
    "invitation_newest",
    # In no order: asked for one, SQLite would walk every invitation of the organization.
    f"SELECT {_COLUMNS} FROM invitation WHERE organization_id = ?1 AND member_id = ?2",
)
NEWEST_OF = statement(
    "invitations_newest",
    f"""SELECT {_COLUMNS} FROM invitation WHERE organization_id = ?1 AND member_id IN {{ids:2}}""",
)
INSERT = statement(
    "invitation_insert",
    f"INSERT INTO invitation ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
)
UPDATE = statement(
    "invitation_update",
    """UPDATE invitation SET accepted_at = ?3, revoked_at = ?4
       WHERE organization_id = ?1 AND id = ?2 AND hash = ?5 AND accepted_at IS NULL AND revoked_at IS NULL
       RETURNING organization_id""",
)
END = statement(
    "invitations_end",
    """UPDATE invitation SET revoked_at = ?3
       WHERE organization_id = ?1 AND (created_by = ?2 OR member_id = ?2)
         AND accepted_at IS NULL AND revoked_at IS NULL""",
)
END_LINKS = statement(
    "setup_links_end",
    """UPDATE setup_link SET revoked_at = ?3
       WHERE organization_id = ?1 AND created_by = ?2 AND completed_at IS NULL AND revoked_at IS NULL""",
)
ADDRESS_TAKEN = statement(
    "member_address_taken",
    """SELECT organization_id FROM organization_member WHERE organization_id = ?1 AND email_key = ?2 AND id <> ?3
       LIMIT 1""",
)


class InvitationStore:
    """See `hallway.hub.organizations.invitations.Invitations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def invitation(self, organization_id: OrganizationId, invitation_id: InvitationId) -> Invitation | None:
        """One invitation."""
        row = await tenant(self._database, organization_id).row(BY_ID, invitation_id)
        return None if row is None else _invitation(organization_id, row)

    async def invitation_of(self, organization_id: OrganizationId, member_id: MemberId) -> Invitation | None:
        """The newest one for a member."""
        rows = await tenant(self._database, organization_id).rows(NEWEST, member_id)
        return max((_invitation(organization_id, row) for row in rows), key=lambda one: one.id, default=None)

    async def newest(
        self, organization_id: OrganizationId, member_ids: Sequence[MemberId]
    ) -> Mapping[MemberId, Invitation]:
        """The newest one for each of these members."""
        if not member_ids:
            return {}
        rows = await tenant(self._database, organization_id).rows(NEWEST_OF, list(member_ids))
        found = sorted((_invitation(organization_id, row) for row in rows), key=lambda one: one.id)
        return {one.member_id: one for one in found}


def _invitation(organization_id: OrganizationId, row: ResultRow) -> Invitation:
    one, member, email, role, digest, by, created, expires, accepted, revoked = cast(
        "tuple[InvitationId, MemberId, str, str, bytes, MemberId | None, int, int, int | None, int | None]", row
    )
    return Invitation(
        one, organization_id, member, email, Role(role), digest, by, created, expires, accepted, revoked
    )  # fmt: skip


@writes(NewInvitation)
def _insert(org: bytes, row: NewInvitation) -> Sequence[Step]:
    one = row.invitation
    columns = (
        one.id, one.member_id, one.email, one.role.value, one.hash, one.created_by, one.created_at, one.expires_at,
        one.accepted_at, one.revoked_at,
    )  # fmt: skip
    return [Step(INSERT, (org, *columns))]


@writes(InvitationUpdate)
def _update(org: bytes, row: InvitationUpdate) -> Sequence[Step]:
    one = row.invitation
    return [Step(UPDATE, (org, one.id, one.accepted_at, one.revoked_at, row.was.hash), 1)]


@writes(InvitationsEnded)
def _end(org: bytes, row: InvitationsEnded) -> Sequence[Step]:
    return [Step(END, (org, row.member_id, row.at))]


@writes(SetupLinksEnded)
def _end_links(org: bytes, row: SetupLinksEnded) -> Sequence[Step]:
    return [Step(END_LINKS, (org, wire(MEMBER, row.member_id), row.at))]


@writes(AddressFree)
def _address_free(org: bytes, row: AddressFree) -> Sequence[Step]:
    return [Step(ADDRESS_TAKEN, (org, email_key(row.email), row.member_id), 0)]
