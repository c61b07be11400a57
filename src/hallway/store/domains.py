"""Domains and technical contacts; the locator says who owns a domain."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.hub.organizations.contacts import Contact, ContactRemoval, NewContact
from hallway.hub.organizations.domains import (
    Domain,
    DomainRemoval,
    DomainState,
    DomainUpdate,
    Finding,
    NewDomain,
)
from hallway.ids import ContactId, OrganizationId
from hallway.store.database import Database, everywhere, tenant
from hallway.store.directories import LOCATE, LOCATED, UNLOCATE, key_hash
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

KIND: Final = "domain"
_COLUMNS: Final = """organization_id, name, state, challenge, created_at, proved_at, checked_at, failing_since, finding,
    development, version"""

BY_NAME = statement("domain_by_name", f"SELECT {_COLUMNS} FROM domain WHERE organization_id = ?1 AND name = ?2")
ALL_OF_ONE = statement("domains", f"SELECT {_COLUMNS} FROM domain WHERE organization_id = ?1 ORDER BY name")
OWNED = statement(
    "global_owned_domains", "SELECT organization_id, target FROM locator WHERE kind = 'domain' ORDER BY key_hash"
)
INSERT = statement(
    "domain_insert", f"INSERT INTO domain ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
)
UPDATE = statement(
    "domain_update",
    """UPDATE domain SET state = ?3, challenge = ?4, created_at = ?5, proved_at = ?6, checked_at = ?7,
         failing_since = ?8, finding = ?9, development = ?10, version = ?11
       WHERE organization_id = ?1 AND name = ?2 AND version = ?12 RETURNING organization_id""",
)
DELETE = statement(
    "domain_delete",
    "DELETE FROM domain WHERE organization_id = ?1 AND name = ?2 AND version = ?3 RETURNING organization_id",
)
CONTACTS = statement(
    "contacts",
    "SELECT organization_id, id, email, name, created_at FROM contact WHERE organization_id = ?1 ORDER BY id",
)
INSERT_CONTACT = statement(
    "contact_insert",
    "INSERT INTO contact (organization_id, id, email, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
)
DELETE_CONTACT = statement(
    "contact_delete", "DELETE FROM contact WHERE organization_id = ?1 AND id = ?2 RETURNING organization_id"
)


class DomainStore:
    """See `hallway.hub.organizations.domains.Domains` and `hallway.hub.organizations.contacts.Contacts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def domain(self, organization_id: OrganizationId, name: str) -> Domain | None:
        """One claim."""
        row = await tenant(self._database, organization_id).row(BY_NAME, name)
        return None if row is None else _domain(organization_id, row)

    async def domains(self, organization_id: OrganizationId) -> Sequence[Domain]:
        """Every claim of an organization, by name."""
        return [_domain(organization_id, row) for row in await tenant(self._database, organization_id).rows(ALL_OF_ONE)]

    async def owner(self, name: str) -> OrganizationId | None:
        """Who has proved the name."""
        found = await everywhere(self._database, LOCATED, KIND, key_hash(name.encode()))
        return OrganizationId(cast("bytes", found[0][0])) if found else None

    async def owned(self) -> Sequence[tuple[OrganizationId, str]]:
        """Every name that has an owner."""
        rows = await everywhere(self._database, OWNED)
        return [
            (organization, name.decode()) for organization, name in cast("list[tuple[OrganizationId, bytes]]", rows)
        ]

    async def contacts(self, organization_id: OrganizationId) -> Sequence[Contact]:
        """All technical contacts, oldest first."""
        rows = await tenant(self._database, organization_id).rows(CONTACTS)
        return [
            Contact(one, organization_id, email, name, created)
            for one, email, name, created in cast("list[tuple[ContactId, str, str, int]]", rows)
        ]


def _domain(organization_id: OrganizationId, row: ResultRow) -> Domain:
    name, state, challenge, created, proved, checked, failing, finding, development, version = cast(
        "tuple[str, str, str, int, int | None, int | None, int | None, str, int, int]", row
    )
    return Domain(
        organization_id, name, DomainState(state), challenge, created, proved, checked, failing, Finding(finding),
        bool(development), version,
    )  # fmt: skip


def _columns(one: Domain) -> tuple[object, ...]:
    return (
        one.name, one.state.value, one.challenge, one.created_at, one.proved_at, one.checked_at, one.failing_since,
        one.finding.value, int(one.development), one.version,
    )  # fmt: skip


def _owner(org: bytes, one: Domain) -> list[Step]:
    return [Step(LOCATE, (org, KIND, key_hash(one.name.encode()), one.name.encode()))] if one.is_owner else []


def _no_owner(org: bytes, one: Domain) -> list[Step]:
    return [Step(UNLOCATE, (org, KIND, key_hash(one.name.encode())))] if one.is_owner else []


@writes(NewDomain)
def _insert(org: bytes, row: NewDomain) -> Sequence[Step]:
    return [Step(INSERT, (org, *_columns(row.domain))), *_owner(org, row.domain)]


@writes(DomainUpdate)
def _update(org: bytes, row: DomainUpdate) -> Sequence[Step]:
    steps = [Step(UPDATE, (org, *_columns(row.domain), row.was.version), 1)]
    if row.was.is_owner != row.domain.is_owner:
        steps += [*_no_owner(org, row.was), *_owner(org, row.domain)]
    return steps


@writes(DomainRemoval)
def _remove(org: bytes, row: DomainRemoval) -> Sequence[Step]:
    return [Step(DELETE, (org, row.domain.name, row.domain.version), 1), *_no_owner(org, row.domain)]


@writes(NewContact)
def _insert_contact(org: bytes, row: NewContact) -> Sequence[Step]:
    one = row.contact
    return [Step(INSERT_CONTACT, (org, one.id, one.email, one.name, one.created_at))]


@writes(ContactRemoval)
def _remove_contact(org: bytes, row: ContactRemoval) -> Sequence[Step]:
    return [Step(DELETE_CONTACT, (org, row.contact.id), 1)]
