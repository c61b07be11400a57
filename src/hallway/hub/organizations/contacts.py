"""Technical contacts: addresses that get every alarm of an organization, members or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.organizations.inviting import checked_email
from hallway.hub.organizations.members import email_key
from hallway.hub.organizations.service import MAX_NAME, Refused
from hallway.ids import CONTACT, ContactId, EntryId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject

MOST_CONTACTS: Final = 20


@dataclass(frozen=True, slots=True)
class Contact:
    """One address, and whose it is."""

    id: ContactId
    organization_id: OrganizationId
    email: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class NewContact:
    """A row to insert."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class ContactRemoval:
    """The row goes."""

    contact: Contact


class Contacts(Protocol):
    """What contacts need of a store."""

    async def contacts(self, organization_id: OrganizationId) -> Sequence[Contact]:
        """All of an organization, oldest first."""
        ...


class ContactBook:
    """The contacts of organizations, changed; `clock` in microseconds, `entropy` n random bytes."""

    def __init__(
        self, ledger: Ledger, contacts: Contacts, clock: Callable[[], int], entropy: Callable[[int], bytes]
    ) -> None:
        self._ledger = ledger
        self._contacts = contacts
        self._clock = clock
        self._entropy = entropy

    async def all(self, organization_id: OrganizationId) -> Sequence[Contact]:
        """Every contact, oldest first."""
        return await self._contacts.contacts(organization_id)

    async def add(self, organization_id: OrganizationId, email: str, name: str, actor: Actor) -> Contact:
        """A new contact; an address stands there once."""
        email, name = checked_email(email), name.strip()
        if len(name) > MAX_NAME or (name and not name.isprintable()):
            raise Refused("invalid", "A name has at most %(most)s printable characters.", most=MAX_NAME)
        there = await self.all(organization_id)
        if any(email_key(one.email) == email_key(email) for one in there):
            raise Refused("conflict", "%(name)s is there already.", name=email)
        if len(there) >= MOST_CONTACTS:
            raise Refused("conflict", "An organization has at most %(most)s technical contacts.", most=MOST_CONTACTS)
        one = Contact(ContactId(self._fresh_id()), organization_id, email, name, self._clock())
        await self._ledger.commit(self._change(one, "contact.added", NewContact(one), actor))
        return one

    async def remove(self, organization_id: OrganizationId, text: str, actor: Actor) -> Contact:
        """End the contact of an id (`contact_…`)."""
        own = parsed(CONTACT, text)
        found = [one for one in await self.all(organization_id) if one.id == own]
        if not found:
            raise Refused("not_found", "There is no such technical contact.")
        await self._ledger.commit(self._change(found[0], "contact.removed", ContactRemoval(found[0]), actor))
        return found[0]

    def _change(self, one: Contact, kind: str, row: object, actor: Actor) -> Change:
        personal: JsonObject = {"name": one.name, "email": one.email}
        entry = Entry(EntryId(self._fresh_id()), kind, self._clock(), actor, one.id, personal=personal)
        return Change(one.organization_id, (row,), (entry,), entry.id)

    def _fresh_id(self) -> bytes:
        return fresh_id(self._clock(), self._entropy(10))
