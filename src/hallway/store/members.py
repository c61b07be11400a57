"""Members, and the global table that finds an account's organizations."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from hallway.hub.organizations.members import (
    AddressUnheld,
    AdministratorRemains,
    Member,
    MemberPage,
    MemberRemoval,
    MemberSearch,
    MemberState,
    MemberUpdate,
    NewMember,
    Place,
    Role,
    Source,
    email_key,
    search_key,
)
from hallway.ids import AccountId, DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.scim.fold import fold
from hallway.store.connections import NO_IDENTITIES
from hallway.store.database import Database, everywhere, tenant
from hallway.store.rows import writes
from hallway.store.statement import SEQ, ResultRow, Step, statement

REMOVED: Final = "removed"
"""The state, in `member_version`, of who is a member no more."""

COLUMNS: Final = """organization_id, id, email, name, role, state, source, created_at, access_from, account_id,
    directory_id, resource_id, joined_at, ended_at, confirmed_at, version"""

BY_ID = statement("member_by_id", f"SELECT {COLUMNS} FROM organization_member WHERE organization_id = ?1 AND id = ?2")
BY_ACCOUNT = statement(
    "member_by_account",
    f"SELECT {COLUMNS} FROM organization_member WHERE organization_id = ?1 AND account_id = ?2",
)
BY_EMAIL = statement(
    "member_by_email",
    # In no order: asked for one, SQLite would walk every member of the organization.
    f"SELECT {COLUMNS} FROM organization_member WHERE organization_id = ?1 AND email_key = ?2",
)
PAGE = statement(
    "member_page",
    f"""SELECT {COLUMNS} FROM organization_member
        WHERE organization_id = ?1 AND (search_key, id) > (?2, ?3) AND (?4 = '' OR {{instr}}(search_key, ?4) > 0)
          AND (?5 = '' OR state = ?5) AND (?6 = '' OR role = ?6)
        ORDER BY search_key, id LIMIT ?7""",
)
BY_IDS = statement(
    "members_by_ids", f"SELECT {COLUMNS} FROM organization_member WHERE organization_id = ?1 AND id IN {{ids:2}}"
)
COUNTS = statement(
    "member_counts",
    """SELECT organization_id, state, COUNT(*) FROM organization_member WHERE organization_id = ?1
       GROUP BY organization_id, state""",
)
ADMINISTRATORS = statement(
    "member_administrators",
    f"""SELECT {COLUMNS} FROM organization_member
        WHERE organization_id = ?1 AND state = 'active' AND role = 'admin' AND account_id IS NOT NULL""",
)
PLACES = statement(
    "global_places",
    "SELECT organization_id, member_id FROM place WHERE account_id = ?1 ORDER BY organization_id",
)
INSERT = statement(
    "member_insert",
    """INSERT INTO organization_member (organization_id, id, account_id, email, email_key, name, search_key, role,
         state, source, directory_id, resource_id, created_at, joined_at, ended_at, access_from, confirmed_at, version)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)""",
)
UPDATE = statement(
    "member_update",
    """UPDATE organization_member SET account_id = ?3, email = ?4, email_key = ?5, name = ?6, search_key = ?7,
         role = ?8, state = ?9, source = ?10, directory_id = ?11, resource_id = ?12, created_at = ?13, joined_at = ?14,
         ended_at = ?15, access_from = ?16, confirmed_at = ?17, version = ?18
       WHERE organization_id = ?1 AND id = ?2 AND version = ?19 RETURNING organization_id""",
)
DELETE = statement(
    "member_delete",
    """DELETE FROM organization_member WHERE organization_id = ?1 AND id = ?2 AND version = ?3
       RETURNING organization_id""",
)
DELETE_INVITATIONS = statement(
    "member_invitations_delete", "DELETE FROM invitation WHERE organization_id = ?1 AND member_id = ?2"
)
DELETE_LINKS = statement("member_links_delete", "DELETE FROM member_link WHERE organization_id = ?1 AND member_id = ?2")
DELETE_SSO_SESSIONS = statement(
    "member_sso_sessions_delete", "DELETE FROM sso_session WHERE organization_id = ?1 AND account_id = ?2"
)
VERSION = statement(
    "member_version_insert",
    """INSERT INTO member_version (organization_id, member_id, seq, email, name, role, state, directory_id, resource_id)
       VALUES (?1, ?2, {seq:3}, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT (organization_id, member_id, seq) DO UPDATE SET email = ?4, name = ?5, role = ?6, state = ?7,
         directory_id = ?8, resource_id = ?9""",
)
REMAINS = statement(
    "member_administrator_remains",
    """SELECT organization_id FROM organization_member
       WHERE organization_id = ?1 AND id IN {ids:2} AND state = 'active' AND role = 'admin'
         AND account_id IS NOT NULL LIMIT 1""",
)
HELD = statement(
    "member_address_held",
    """SELECT organization_id FROM organization_member
       WHERE organization_id = ?1 AND email_key = ?2 AND id <> ?3 AND state <> 'deactivated' LIMIT 1""",
)
NEW_PLACE = statement("place_insert", "INSERT INTO place (organization_id, account_id, member_id) VALUES (?1, ?2, ?3)")
NO_PLACE = statement("place_delete", "DELETE FROM place WHERE organization_id = ?1 AND account_id = ?2")


class MemberStore:
    """See `hallway.hub.organizations.ports.Members`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, organization_id: OrganizationId, member_id: MemberId) -> Member | None:
        """One member of this organization."""
        row = await tenant(self._database, organization_id).row(BY_ID, member_id)
        return None if row is None else member_of(organization_id, row)

    async def by_ids(self, organization_id: OrganizationId, ids: Sequence[MemberId]) -> Mapping[MemberId, Member]:
        """Who of these is a member of this organization."""
        if not ids:
            return {}
        rows = await tenant(self._database, organization_id).rows(BY_IDS, list(ids))
        return {one.id: one for one in (member_of(organization_id, row) for row in rows)}

    async def by_account(self, organization_id: OrganizationId, account_id: AccountId) -> Member | None:
        """The membership of an account."""
        row = await tenant(self._database, organization_id).row(BY_ACCOUNT, account_id)
        return None if row is None else member_of(organization_id, row)

    async def by_email(self, organization_id: OrganizationId, email: str) -> Sequence[Member]:
        """Everybody with this address, without case, oldest first."""
        rows = await tenant(self._database, organization_id).rows(BY_EMAIL, email_key(email))
        return sorted((member_of(organization_id, row) for row in rows), key=lambda one: one.id)

    async def page(self, organization_id: OrganizationId, search: MemberSearch) -> MemberPage:
        """By name; a search in texts runs away from the requests' path, since it may look at everybody."""
        own = tenant(self._database, organization_id)
        name, member_id = search.after or ("", b"")
        text = fold(search.text.replace("\n", " ").strip())
        state, role = search.state.value if search.state else "", search.role.value if search.role else ""
        asked = (name, member_id, text, state, role, search.limit + 1)
        rows = await (own.scan(PAGE, *asked) if text or state or role else own.rows(PAGE, *asked))
        members = [member_of(organization_id, row) for row in rows[: search.limit]]
        more = len(rows) > search.limit
        return MemberPage(members, (search_key(members[-1]), members[-1].id) if more else None)

    async def place_of(self, organization_id: OrganizationId, member_id: MemberId) -> tuple[str, MemberId] | None:
        """Where a member stands in the order of names, for `MemberSearch.after`."""
        found = await self.by_id(organization_id, member_id)
        return None if found is None else (search_key(found), found.id)

    async def counts(self, organization_id: OrganizationId) -> Mapping[MemberState, int]:
        """How many there are in each state."""
        rows = await tenant(self._database, organization_id).scan(COUNTS)
        return {MemberState(state): count for state, count in cast("list[tuple[str, int]]", rows)}

    async def administrators(self, organization_id: OrganizationId) -> Sequence[Member]:
        """Active administrators who have an account, oldest first."""
        rows = await tenant(self._database, organization_id).rows(ADMINISTRATORS)
        return sorted((member_of(organization_id, row) for row in rows), key=lambda one: one.id)

    async def places(self, account_id: AccountId) -> Sequence[Place]:
        """Where an account is a member, whatever its state there."""
        rows = await everywhere(self._database, PLACES, account_id)
        return [Place(account_id, *row) for row in cast("list[tuple[OrganizationId, MemberId]]", rows)]


def member_of(organization_id: OrganizationId, row: ResultRow) -> Member:
    """A row of `COLUMNS`, without its first one."""
    (
        member_id, email, name, role, state, source, created, access_from, account, directory, resource, joined, ended,
        confirmed, version,
    ) = cast(
        "tuple[MemberId, str, str, str, str, str, int, int, AccountId | None, DirectoryId | None, ResourceId | None,"
        " int | None, int | None, int | None, int]",
        row,
    )  # fmt: skip
    return Member(
        member_id, organization_id, email, name, Role(role), MemberState(state), Source(source), created, access_from,
        account, directory, resource, joined, ended, confirmed, version,
    )  # fmt: skip


def _columns(one: Member) -> tuple[object, ...]:
    """As INSERT and UPDATE have them, from `?2` on."""
    return (
        one.id, one.account_id, one.email, email_key(one.email), one.name, search_key(one), one.role.value,
        one.state.value, one.source.value, one.directory_id, one.resource_id, one.created_at, one.joined_at,
        one.ended_at, one.access_from, one.confirmed_at, one.version,
    )  # fmt: skip


@writes(NewMember)
def _new_member(org: bytes, row: NewMember) -> Sequence[Step]:
    one = row.member
    return [Step(INSERT, (org, *_columns(one))), _version(org, one), *_place(org, one)]


def _version(org: bytes, one: Member, state: str = "") -> Step:
    """What she is from this change on: `before` and `after` of what the journal tells of her."""
    told = (one.email, one.name, one.role.value, state or one.state.value, one.directory_id, one.resource_id)
    return Step(VERSION, (org, one.id, SEQ, *told))


def _place(org: bytes, one: Member) -> list[Step]:
    return [] if one.account_id is None else [Step(NEW_PLACE, (org, one.account_id, one.id))]


@writes(MemberUpdate)
def _update_member(org: bytes, row: MemberUpdate) -> Sequence[Step]:
    steps = [Step(UPDATE, (org, *_columns(row.member), row.was.version), 1), _version(org, row.member)]
    if row.was.account_id != row.member.account_id:
        steps += [*_no_place(org, row.was), *_place(org, row.member)]
    return steps


def _no_place(org: bytes, one: Member) -> list[Step]:
    return [] if one.account_id is None else [Step(NO_PLACE, (org, one.account_id))]


@writes(MemberRemoval)
def _remove_member(org: bytes, row: MemberRemoval) -> Sequence[Step]:
    one = row.member
    return [
        Step(DELETE, (org, one.id, one.version), 1),
        _version(org, one, REMOVED),
        Step(DELETE_INVITATIONS, (org, one.id)),
        Step(DELETE_LINKS, (org, one.id)),
        Step(NO_IDENTITIES, (org, one.id)),
        Step(DELETE_SSO_SESSIONS, (org, one.account_id)),
        *_no_place(org, one),
    ]


@writes(AdministratorRemains)
def _remains(org: bytes, row: AdministratorRemains) -> Sequence[Step]:
    return [Step(REMAINS, (org, row.among), 1)]


@writes(AddressUnheld)
def _address_unheld(org: bytes, row: AddressUnheld) -> Sequence[Step]:
    return [Step(HELD, (org, email_key(row.email), row.member_id), 0)]
