"""What of an organization's members, domains, set-up links and connections an export has.

Rules: no hash of a link, no key and no sealed value is in it; what waits for minutes (sign-ins, messages that were
seen, mails, sessions) is left out.
"""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Final

from hallway.cli.shapes import domain_shape, instant, member_shape, setup_link_shape
from hallway.hub.connections.model import Connection
from hallway.hub.events.receipts import said_shape
from hallway.hub.organizations.members import MemberSearch
from hallway.hub.organizations.model import Organization
from hallway.ids import (
    ATTEMPT,
    CONNECTION,
    CONTACT,
    DIRECTORY,
    ENTRY,
    INVITATION,
    MEMBER,
    USER,
    AttemptId,
    wire,
)
from hallway.scim.json import JsonObject
from hallway.store.archive_organization import identities, invitations, member_links
from hallway.web.wiring import Hub, clock, setup_desk

PAGE: Final = 500
_FIRST: Final = (b"", b"")


async def records_of_people(hub: Hub, organization: Organization) -> AsyncIterator[JsonObject]:
    """Members, what invited and links them, domains, contacts, set-up links, what applications confirmed."""
    owner, database = organization.id, hub.stores.database
    search = MemberSearch(limit=PAGE)
    while True:
        page = await hub.stores.members.page(owner, search)
        for member in page.members:
            yield {"record": "member", **member_shape(member)}
        if page.following is None:
            break
        search = MemberSearch(limit=PAGE, after=page.following)
    after = b""
    while found := await invitations(database, owner, after, PAGE):
        for one in found:
            yield {
                "record": "invitation", "id": wire(INVITATION, one.id), "member_id": wire(MEMBER, one.member_id),
                "email": one.email, "role": one.role,
                "created_by": None if one.created_by is None else wire(MEMBER, one.created_by),
                "created_at": instant(one.created_at), "expires_at": instant(one.expires_at),
                "accepted_at": instant(one.accepted_at), "revoked_at": instant(one.revoked_at),
            }  # fmt: skip
        after = found[-1].id
    place = _FIRST
    while links := await member_links(database, owner, place, PAGE):
        for link in links:
            yield {
                "record": "member_link", "directory_id": wire(DIRECTORY, link.directory_id),
                "user_id": wire(USER, link.resource_id),
                "member_id": wire(MEMBER, link.member_id) if any(link.member_id) else None,
                "reason": link.reason, "at": instant(link.at),
            }  # fmt: skip
        place = (links[-1].directory_id, links[-1].resource_id)
    for domain in await hub.stores.domains.domains(owner):
        shape = domain_shape(domain)
        yield {**shape, "record": "domain", "text_record": shape["record"]}
    for contact in await hub.stores.domains.contacts(owner):
        yield {
            "record": "contact", "id": wire(CONTACT, contact.id), "email": contact.email, "name": contact.name,
            "created_at": instant(contact.created_at),
        }  # fmt: skip
    for made in await setup_desk(hub, hub.mailing.letters).links.links(owner):
        yield {"record": "setup_link", **setup_link_shape(made, clock())}
    place = _FIRST
    while receipts := await hub.stores.receipts.after(owner, place, PAGE):
        for receipt in receipts:
            yield {
                "record": "receipt", "event_id": wire(ENTRY, receipt.event_id), "type": receipt.type,
                "member_id": None if receipt.member_id is None else wire(MEMBER, receipt.member_id),
                "by": receipt.by, "event_at": instant(receipt.event_at), "at": instant(receipt.at),
                **said_shape(receipt.said),
            }  # fmt: skip
        place = (receipts[-1].event_id, receipts[-1].by_id)


async def records_of_connections(hub: Hub, organization: Organization) -> AsyncIterator[JsonObject]:
    """Connections, who people are at them, who has to use them, and how sign-ins ended."""
    owner = organization.id
    for connection in await hub.stores.connections.connections(owner):
        own = {"connection_id": wire(CONNECTION, connection.id)}
        yield {"record": "connection", **_connection(connection)}
        for stranger in await hub.stores.sign_ins.strangers(owner, connection.id):
            yield {"record": "refused_stranger", **own, **asdict(stranger), "at": instant(stranger.at)}
    place = _FIRST
    while found := await identities(hub.stores.database, owner, place, PAGE):
        for one in found:
            yield {
                "record": "identity", "connection_id": wire(CONNECTION, one.connection_id), "shown": one.shown,
                "member_id": wire(MEMBER, one.member_id), "reason": one.reason, "created_at": instant(one.created_at),
            }  # fmt: skip
        place = (found[-1].connection_id, found[-1].subject)
    enforced = await hub.stores.enforcements.enforcement(owner)
    if enforced is not None:
        exempt: list[JsonObject] = [
            {"member_id": wire(MEMBER, each.member_id), "until": instant(each.until)} for each in enforced.exempt
        ]
        yield {
            "record": "enforcement", "connection_id": wire(CONNECTION, enforced.connection_id),
            "since": instant(enforced.since), "exempt": [*exempt],
        }  # fmt: skip
    before: AttemptId | None = None
    while attempts := await hub.stores.sign_ins.attempts(owner, None, "", before, PAGE):
        for each in attempts:
            whole = await hub.stores.sign_ins.attempt(owner, each.id)
            yield {
                "record": "attempt", "id": wire(ATTEMPT, each.id),
                "connection_id": wire(CONNECTION, each.connection_id), "at": instant(each.at),
                "outcome": each.outcome.value, "code": each.code, "kind": each.kind.value, "who": each.who,
                "member_id": None if each.member_id is None else wire(MEMBER, each.member_id),
                "detail": {} if whole is None else whole.detail,
            }  # fmt: skip
        before = attempts[-1].id


def _connection(one: Connection) -> JsonObject:
    """A connection without our keys, and without the provider's certificates, which its metadata has."""
    return {
        "id": wire(CONNECTION, one.id), "name": one.name, "protocol": one.protocol.value,
        "provider": one.provider.value, "state": one.state.value, "created_at": instant(one.created_at),
        "domains": [*one.domains], "is_default": one.is_default, "allow_idp_initiated": one.allow_idp_initiated,
        "just_in_time": one.just_in_time, "match": one.match.value, "idp_entity_id": one.saml.idp_entity_id or None,
        "metadata_url": one.saml.metadata_url or None, "issuer": one.oidc.issuer or None,
        "client_id": one.oidc.client_id or None, "tested_at": instant(one.tested_at),
        "last_sign_in_at": instant(one.last_sign_in_at),
    }  # fmt: skip
