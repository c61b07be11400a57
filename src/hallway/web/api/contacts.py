"""Technical contacts of an organization, by the API."""

from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.organizations.contacts import Contact as Kept
from hallway.hub.organizations.contacts import ContactBook
from hallway.ids import CONTACT, wire
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import READ, WRITE, organization_of
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.words import ContactId, Email, Instant, Text, instant

PATH: Final = f"{ORGANIZATION}/contacts"
ONE: Final = f"{PATH}/{{contact}}"


class Contact(Document, frozen=True, kw_only=True):
    """An address that gets every alarm of an organization, a member's or not."""

    id: ContactId
    email: Email
    name: Annotated[str, Meta(examples=["IT"])]
    created_at: Instant


class ContactList(Document, frozen=True, kw_only=True):
    """A page of technical contacts, oldest first."""

    items: list[Contact]
    next: Next


class NewContact(Body, frozen=True, kw_only=True):
    """A technical contact to add."""

    email: Email
    name: Text = ""


def _book(call: Call) -> ContactBook:
    return call.hub.contact_book


def _document(one: Kept) -> Contact:
    return Contact(id=wire(CONTACT, one.id), email=one.email, name=one.name, created_at=instant(one.created_at))


async def contact_list(call: Call) -> Answer:
    """Oldest first."""
    there = await _book(call).all((await organization_of(call)).id)
    page, following = sliced(there, lambda one: one.id, call.asked(Paged))
    return Answer(ContactList(items=[_document(one) for one in page], next=following))


async def contact_create(call: Call) -> Answer:
    """One more."""
    owner, said = await organization_of(call), call.said(NewContact)
    return Answer(_document(await _book(call).add(owner.id, said.email, said.name, call.actor)))


async def contact_remove(call: Call) -> Answer:
    """One less."""
    owner = await organization_of(call)
    await _book(call).remove(owner.id, call.param("contact"), call.actor)
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List technical contacts.", contact_list, ContactList, query=Paged),
    Endpoint("POST", PATH, WRITE, "Add a technical contact.", contact_create, Contact, NewContact, status=201),
    Endpoint("DELETE", ONE, WRITE, "Remove a technical contact.", contact_remove, status=204),
)
"""The rows."""
