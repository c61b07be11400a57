"""Proving domains: claimed, checked, checked again, contested, decided, given up.

Rules: a check asks DNS first and decides afterwards; the first proof makes its organization the owner, every later
one of somebody else makes the name contested; a proof that was not asked of DNS is a development mark, journaled,
and only where the deployment is one.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.contacts import Contacts
from hallway.hub.organizations.domains import (
    CHALLENGE_BYTES,
    MOST_DOMAINS,
    Domain,
    DomainRemoval,
    Domains,
    DomainState,
    DomainUpdate,
    Finding,
    NewDomain,
    Suffixes,
    TextAnswer,
    TextRecords,
    checked_domain,
    domain_name,
    judged,
)
from hallway.hub.organizations.invitations import Letters
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.ports import Members
from hallway.hub.organizations.service import Refused
from hallway.ids import EntryId, OrganizationId, fresh_id
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject

SYSTEM = Actor("system", None, "domain check")


@dataclass(frozen=True, slots=True)
class DomainDesk:
    """What proving needs: stores, DNS, time, chance, mail; `development` names what may be marked as proved."""

    ledger: Ledger
    domains: Domains
    members: Members
    contacts: Contacts
    records: TextRecords
    suffixes: Suffixes
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    letters: Letters
    base_url: str
    development: tuple[str, ...] = ()

    def change(self, domain: Domain, kind: str, actor: Actor, *rows: Row) -> Change:
        """Rows with their entry."""
        entry_id = EntryId(fresh_id(self.clock(), self.entropy(10)))
        facts: JsonObject = {
            "state": domain.state.value,
            "finding": domain.finding.value,
            "development": domain.development,
        }
        entry = Entry(
            entry_id, kind, self.clock(), actor, domain.organization_id, facts=facts, personal={"domain": domain.name}
        )
        return Change(domain.organization_id, rows, (entry,), entry_id)


async def found_domain(desk: DomainDesk, organization_id: OrganizationId, text: str) -> Domain:
    """The claim of this organization; another organization's is not found."""
    try:
        domain = await desk.domains.domain(organization_id, domain_name(text))
    except Refused:
        domain = None
    if domain is None:
        raise Refused("not_found", "This organization has no domain %(name)s.", name=repr(text))
    return domain


async def add(desk: DomainDesk, organization: Organization, text: str, actor: Actor) -> Domain:
    """A claim with a random challenge of its own; it does nothing until it is proved."""
    name = checked_domain(text, desk.suffixes)

    async def decide() -> tuple[Change, Domain]:
        there = await desk.domains.domains(organization.id)
        if any(one.name == name for one in there):
            raise Refused("conflict", "%(name)s is there already.", name=name)
        if len(there) >= MOST_DOMAINS:
            raise Refused("conflict", "An organization has at most %(most)s domains.", most=MOST_DOMAINS)
        challenge = desk.entropy(CHALLENGE_BYTES).hex()
        domain = Domain(organization.id, name, DomainState.PENDING, challenge, desk.clock())
        return desk.change(domain, "domain.added", actor, NewDomain(domain)), domain

    return (await carried_out(desk.ledger, decide))[1]


async def check(desk: DomainDesk, domain: Domain, actor: Actor = SYSTEM) -> Domain:
    """The claim after asking DNS now."""
    return await concluded(desk, domain, await answers(desk, domain), actor)


async def answers(desk: DomainDesk, domain: Domain) -> tuple[TextAnswer, TextAnswer]:
    """What DNS says now, at the record's own name and at the domain's."""
    return await asyncio.gather(desk.records.texts(domain.record_name), desk.records.texts(domain.name))


async def concluded(desk: DomainDesk, domain: Domain, told: tuple[TextAnswer, TextAnswer], actor: Actor) -> Domain:
    """The claim after these answers of DNS."""

    async def decide(was: Domain) -> tuple[Change, Domain]:
        finding = judged(was, *told)
        if was.development and not was.is_owner:
            was = replace(was, development=False)
        if finding is Finding.FOUND:
            return await _proved(desk, was, actor)
        if was.is_owner:
            return await _failing(desk, was, finding, actor)
        now = replace(was, state=DomainState.PENDING, finding=finding, checked_at=desk.clock(), version=was.version + 1)
        return Change(now.organization_id, (DomainUpdate(was, now),)), now

    return await _changed(desk, domain, decide)


async def _proved(desk: DomainDesk, was: Domain, actor: Actor) -> tuple[Change, Domain]:
    """The record is there: the owner from now on, or a rival of the one who is."""
    at = desk.clock()
    owner = await desk.domains.owner(was.name)
    if owner is not None and owner != was.organization_id:
        now = replace(
            was, state=DomainState.CONTESTED, finding=Finding.OWNED, checked_at=at, version=was.version + 1
        )  # fmt: skip
        if was.state is DomainState.CONTESTED:
            return Change(now.organization_id, (DomainUpdate(was, now),)), now
        await _tell_owner(desk, owner, was.name)
        return desk.change(now, "domain.contested", actor, DomainUpdate(was, now)), now
    state = DomainState.CONTESTED if was.is_owner and was.state is DomainState.CONTESTED else DomainState.PROVED
    now = replace(
        was, state=state, finding=Finding.FOUND, proved_at=was.proved_at or at, checked_at=at, failing_since=None,
        development=False, version=was.version + 1,
    )  # fmt: skip
    if was.is_owner and not was.development and was.failing_since is None:
        return Change(now.organization_id, (DomainUpdate(was, now),)), now
    kind = "domain.recovered" if was.failing_since is not None else "domain.proved"
    return desk.change(now, kind, actor, DomainUpdate(was, now)), now


async def _failing(desk: DomainDesk, was: Domain, finding: Finding, actor: Actor) -> tuple[Change, Domain]:
    """The owner's record is not there: an alarm at once, the end of new effects after seven days.

    What is contested stays so: only the operator decides that.
    """
    at = desk.clock()
    since = was.failing_since or at
    now = replace(was, finding=finding, checked_at=at, failing_since=since, development=False, version=was.version + 1)
    if was.state is not DomainState.CONTESTED:
        now = replace(now, state=DomainState.LAPSED if now.has_lapsed else DomainState.FAILING)
    if was.failing_since is not None and was.has_lapsed == now.has_lapsed:
        return Change(now.organization_id, (DomainUpdate(was, now),)), now
    kind = "domain.lapsed" if now.has_lapsed else "domain.failing"
    subject = f"{now.name}: the record that proves it is missing"
    text = (
        f"We did not find the TXT record that proves {now.name}.\n\n  name   {now.record_name}\n"
        f"  value  {now.record_value}\n\n"
        + (
            "New people and new links in this domain have stopped; those there are stay.\n"
            if now.has_lapsed
            else "Put it back within seven days: then new people and new links in this domain stop.\n"
        )
        + f"\n{desk.base_url}/settings/domains/{now.name}\n"
    )
    return desk.change(now, kind, actor, DomainUpdate(was, now), *await _alarm(desk, now, subject, text)), now


async def _tell_owner(desk: DomainDesk, owner: OrganizationId, name: str) -> None:
    """Mark the owner's claim as contested; who the rival is stays untold."""
    there = await desk.domains.domain(owner, name)
    if there is None or there.state is DomainState.CONTESTED:
        return

    async def decide(was: Domain) -> tuple[Change, Domain]:
        now = replace(was, state=DomainState.CONTESTED, version=was.version + 1)
        subject = f"{name}: another organization has proved it too"
        text = f"{name} stays yours until the operator has decided. Whom to ask stands on the page.\n"
        rows = await _alarm(desk, now, subject, text)
        return desk.change(now, "domain.contested", SYSTEM, DomainUpdate(was, now), *rows), now

    await _changed(desk, there, decide)


async def award(desk: DomainDesk, domain: Domain, actor: Actor) -> Domain:
    """The operator's word on a contested name: it is this claim's, and the other one has to prove anew."""
    domain = await found_domain(desk, domain.organization_id, domain.name)
    if domain.state is not DomainState.CONTESTED:
        raise Refused("conflict", "%(name)s is not contested.", name=domain.name)
    owner = await desk.domains.owner(domain.name)
    if owner is not None and owner != domain.organization_id:
        loser = await found_domain(desk, owner, domain.name)
        await _changed(desk, loser, lambda was: _settled(desk, was, False, actor))
    return await _changed(desk, domain, lambda was: _settled(desk, was, True, actor))


async def _settled(desk: DomainDesk, was: Domain, wins: bool, actor: Actor) -> tuple[Change, Domain]:
    now = replace(
        was, state=DomainState.PROVED if wins else DomainState.PENDING, failing_since=None,
        proved_at=(was.proved_at or desk.clock()) if wins else None, version=was.version + 1,
        finding=Finding.FOUND if wins else Finding.OWNED,
    )  # fmt: skip
    return desk.change(now, "domain.awarded" if wins else "domain.lost", actor, DomainUpdate(was, now)), now


async def mark_proved(desk: DomainDesk, domain: Domain, actor: Actor) -> Domain:
    """Proved without a record, for development: refused unless the deployment is on loopback, or names the domain."""
    refuse_unmarkable(desk, domain.name)

    async def decide(was: Domain) -> tuple[Change, Domain]:
        owner = await desk.domains.owner(was.name)
        if owner is not None and owner != was.organization_id:
            raise Refused("conflict", "Another organization has proved %(name)s.", name=was.name)
        now = replace(
            was, state=DomainState.PROVED, finding=Finding.DEVELOPMENT, proved_at=was.proved_at or desk.clock(),
            failing_since=None, development=True, version=was.version + 1,
        )  # fmt: skip
        return desk.change(now, "domain.marked_proved", actor, DomainUpdate(was, now)), now

    return await _changed(desk, domain, decide)


def refuse_unmarkable(desk: DomainDesk, name: str) -> None:
    """Raise where the deployment does not let this name be marked as proved."""
    if not may_mark(desk, name):
        raise Refused(
            "forbidden",
            "%(name)s is proved by its record. Marking it is for development: the base URL has to be a loopback "
            "address, or the setting development_domains has to name the domain.",
            name=name,
        )


def may_mark(desk: DomainDesk, name: str) -> bool:
    """Whether the deployment lets this name be marked as proved."""
    return name in desk.development or is_loopback(desk.base_url)


def is_loopback(base_url: str) -> bool:
    """Whether only this machine reaches the address."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def remove(desk: DomainDesk, domain: Domain, actor: Actor) -> None:
    """The claim and the ownership go; members and existing links stay."""

    async def decide(was: Domain) -> tuple[Change, Domain]:
        return desk.change(was, "domain.removed", actor, DomainRemoval(was)), was

    await _changed(desk, domain, decide)


async def recheck_due(desk: DomainDesk) -> int:
    """Look again at every owned name that is due; how many were."""
    count = 0
    for organization_id, name in await desk.domains.owned():
        domain = await desk.domains.domain(organization_id, name)
        if domain is not None and domain.is_due(desk.clock()):
            await check(desk, domain)
            count += 1
    return count


async def _alarm(desk: DomainDesk, domain: Domain, subject: str, text: str) -> tuple[Row, ...]:
    """A mail to every technical contact and administrator, each once."""
    return await Alarms(desk.contacts, desk.members, desk.letters).rows(domain.organization_id, subject, text)


async def _changed(
    desk: DomainDesk, domain: Domain, decide: Callable[[Domain], Awaitable[tuple[Change, Domain]]]
) -> Domain:
    async def once() -> tuple[Change, Domain]:
        return await decide(await found_domain(desk, domain.organization_id, domain.name))

    return (await carried_out(desk.ledger, once))[1]
