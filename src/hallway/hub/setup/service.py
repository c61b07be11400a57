"""Set-up links: made, sent, opened in a browser, revoked, completed.

Rules: reading a link consumes nothing; opening it is a decision of its own, and one that was mailed also asks for a
code that is mailed to the same address; each act is journaled as the link and mailed to the administrators.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.ports import Organizations
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.letters import code_letter, link_letter, told_letter
from hallway.hub.setup.model import (
    LinkState,
    NewSetupLink,
    NewSetupSession,
    SetupLink,
    SetupLinkUpdate,
    SetupSession,
    SetupSessionEnd,
    Task,
    tasks_in_order,
)
from hallway.hub.setup.ports import Concerned, Letters, SetupLinks
from hallway.hub.setup.returning import Returns, ReturnUrls, checked_returns, nowhere
from hallway.ids import SETUP_LINK, EntryId, OrganizationId, SetupLinkId, SetupSessionId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject
from hallway.secret_text import SECRET_BYTES, SETUP, SecretText, read_secret

MINUTE: Final = 60 * 1_000_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
DEFAULT_LIFETIME: Final = 30 * DAY
LONGEST_LIFETIME: Final = 90 * DAY
SESSION_LIFETIME: Final = 12 * HOUR
CODE_LIFETIME: Final = 10 * MINUTE
CODE_PAUSE: Final = MINUTE
CODE_TRIES: Final = 5
CODE_DIGITS: Final = 8
MOST_ALIVE: Final = 100
MAX_LABEL: Final = 200
SESSION: Final = "hw_setup_session_"

NOT_ALIVE: Final = "This set-up link is not valid any more. Ask the person who sent it for a new one."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a link shall be for; with an `email` it is sent there, and asks for a code from that mailbox."""

    tasks: Collection[Task]
    label: str = ""
    email: str = ""
    lifetime: int = DEFAULT_LIFETIME
    created_by: str = "command"
    returns: Returns = field(default_factory=Returns)
    single_use: bool = False


@dataclass(frozen=True, slots=True)
class SetupDesk:
    """What set-up links need: stores, time, chance, mail."""

    ledger: Ledger
    organizations: Organizations
    links: SetupLinks
    concerned: Concerned
    letters: Letters
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str
    return_urls: ReturnUrls = nowhere

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, kind: str, link: SetupLink, actor: Actor, **facts: str | int) -> Entry:
        """A fact about a link."""
        told: JsonObject = {"tasks": [task.value for task in link.tasks], **facts}
        personal: JsonObject = {"label": link.label, "email": link.email}
        return Entry(EntryId(self.fresh_id()), kind, self.clock(), actor, link.id, facts=told, personal=personal)


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link and its address, which is nowhere else."""

    link: SetupLink
    address: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser's session opens: one link of one organization, and nothing else of it."""

    organization: Organization
    link: SetupLink
    session: SetupSession

    def actor(self, address: str = "") -> Actor:
        """The link, as the journal names it."""
        return link_actor(self.link, address)


class Wanted(Enum):
    """What opening a link still asks for."""

    CODE = "code"
    """A code was mailed, or had been a moment ago."""
    OTHER_CODE = "other code"
    """The code is wrong, too old, or was tried too often."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Who opens: the code that was typed, the peer's address, and what the browser calls itself."""

    code: str = ""
    address: str = ""
    client: str = ""


def link_actor(link: SetupLink, address: str = "") -> Actor:
    """The link as who did it."""
    return Actor("setup_link", link.id, f"Set-up link {link.label}".strip(), address)


async def create(desk: SetupDesk, organization: Organization, wish: Wish, actor: Actor) -> MadeLink:
    """A new link; sent by mail where the wish has an address."""
    tasks, label = _checked(wish)
    returns = checked_returns(wish.returns, await desk.return_urls())
    now = desk.clock()
    alive = [one for one in await desk.links.links(organization.id) if one.state(now) is LinkState.ALIVE]
    if len(alive) >= MOST_ALIVE:
        raise Refused("conflict", f"An organization has at most {MOST_ALIVE} open set-up links. Revoke one first.")
    secret = SecretText(organization.id, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    link = SetupLink(
        SetupLinkId(secret.row), organization.id, secret.hash, label, tasks, wish.created_by, now,
        now + wish.lifetime, wish.email, returns=returns, single_use=wish.single_use,
    )  # fmt: skip
    address = f"{desk.base_url}/setup/open?link={secret.text(SETUP)}"
    rows: tuple[Row, ...] = (NewSetupLink(link),)
    if wish.email:
        rows += tuple(desk.letters(organization.id, wish.email, *link_letter(organization.name, address, link)))
    entry = desk.entry("setup_link.created", link, actor, expires_at=link.expires_at, mailed=int(bool(wish.email)))
    await desk.ledger.commit(Change(organization.id, rows, (entry,), entry.id))
    return MadeLink(link, address)


def _checked(wish: Wish) -> tuple[tuple[Task, ...], str]:
    tasks, label = tasks_in_order(wish.tasks), wish.label.strip()
    if not tasks:
        raise Refused("invalid", "Choose at least one task for the link: domain, directory or sso.")
    if len(label) > MAX_LABEL or not label.isprintable():
        raise Refused("invalid", f"A label has at most {MAX_LABEL} printable characters.")
    if not MINUTE <= wish.lifetime <= LONGEST_LIFETIME:
        raise Refused("invalid", f"A set-up link lives at most {LONGEST_LIFETIME // DAY} days.")
    return tasks, label


async def revoke(desk: SetupDesk, link: SetupLink, actor: Actor) -> SetupLink:
    """End a link and every browser's session in it; one that has ended stays as it is."""

    async def decide() -> tuple[Change, SetupLink]:
        was = await _kept(desk, link)
        now = desk.clock()
        if was.state(now) is not LinkState.ALIVE:
            return Change(was.organization_id), was
        changed = replace(was, revoked_at=now, version=was.version + 1)
        entry = desk.entry("setup_link.revoked", changed, actor)
        return Change(was.organization_id, (SetupLinkUpdate(was, changed),), (entry,), entry.id), changed

    return (await carried_out(desk.ledger, decide))[1]


async def found_link(desk: SetupDesk, organization_id: OrganizationId, text: str) -> SetupLink:
    """The link of an id (`setup_…`) in this organization; another organization's is not found."""
    own = parsed(SETUP_LINK, text)
    link = None if own is None else await desk.links.link(organization_id, SetupLinkId(own))
    if link is None:
        raise Refused("not_found", f"There is no set-up link {text!r} in this organization.")
    return link


async def read_link(desk: SetupDesk, text: str) -> tuple[Organization, SetupLink] | None:
    """What the text of a living link leads to, or None; nothing is consumed."""
    secret = read_secret(SETUP, text)
    if secret is None:
        return None
    owner = OrganizationId(secret.owner)
    link = await desk.links.link(owner, SetupLinkId(secret.row))
    if not secret.fits(bytes(32) if link is None else link.hash) or link is None:
        return None
    organization = await desk.organizations.by_id(owner)
    if organization is None or link.state(desk.clock()) is not LinkState.ALIVE or link.is_used_up:
        return None
    return organization, link


async def open_link(desk: SetupDesk, text: str, browser: Browser) -> str | Wanted:
    """The text of a new session of this browser, or what is still wanted; refuses a link that is not alive."""

    async def decide() -> tuple[Change, str | Wanted]:
        found = await read_link(desk, text)
        if found is None:
            raise Refused("not_found", NOT_ALIVE)
        organization, link = found
        if link.email and not browser.code:
            return _with_code(desk, organization, link)
        if link.email and not _code_fits(link, browser.code, desk.clock()):
            tried = replace(link, code_tries=link.code_tries + 1, version=link.version + 1)
            change = Change(link.organization_id, (SetupLinkUpdate(link, tried),))
            return (change if link.code_tries < CODE_TRIES else Change(link.organization_id)), Wanted.OTHER_CODE
        return await _opened(desk, organization, link, browser)

    return (await carried_out(desk.ledger, decide))[1]


def _with_code(desk: SetupDesk, organization: Organization, link: SetupLink) -> tuple[Change, Wanted]:
    now = desk.clock()
    if link.code_at is not None and now < link.code_at + CODE_PAUSE:
        return Change(link.organization_id), Wanted.CODE
    code = f"{int.from_bytes(desk.entropy(16), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"
    asked = replace(
        link, code_hash=_code_hash(link, code), code_at=now, code_tries=0, version=link.version + 1
    )  # fmt: skip
    letter = desk.letters(organization.id, link.email, *code_letter(organization.name, code))
    return Change(link.organization_id, (SetupLinkUpdate(link, asked), *letter)), Wanted.CODE


def _code_hash(link: SetupLink, code: str) -> bytes:
    return hashlib.sha256(link.id + code.encode()).digest()


def _code_fits(link: SetupLink, typed: str, now: int) -> bool:
    code = "".join(typed.split())
    same = hmac.compare_digest(_code_hash(link, code), link.code_hash or bytes(32))
    fresh = link.code_at is not None and now < link.code_at + CODE_LIFETIME
    return same and fresh and link.code_tries < CODE_TRIES


async def _opened(desk: SetupDesk, organization: Organization, link: SetupLink, browser: Browser) -> tuple[Change, str]:
    now = desk.clock()
    secret = SecretText(organization.id, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    # One that opens once lives for minutes until it is opened, and then as long as what it opened.
    ends = now + SESSION_LIFETIME if link.single_use else link.expires_at
    session = SetupSession(
        SetupSessionId(secret.row), link.id, secret.hash, now, min(now + SESSION_LIFETIME, ends),
        browser.address, browser.client[:MAX_LABEL],
    )  # fmt: skip
    opened = replace(
        link, opened_at=link.opened_at or now, code_hash=None, code_at=None, code_tries=0, version=link.version + 1,
        expires_at=ends,
    )  # fmt: skip
    entry = desk.entry("setup_link.opened", opened, link_actor(link, browser.address))
    letters = await notices(desk, organization, link, "was opened in a browser")
    rows = (SetupLinkUpdate(link, opened), NewSetupSession(session), *letters)
    return Change(organization.id, rows, (entry,), entry.id), secret.text(SESSION)


async def visit_of(desk: SetupDesk, text: str) -> Visit | None:
    """What a browser's cookie opens, or None where its session or its link ended."""
    secret = read_secret(SESSION, text)
    if secret is None:
        return None
    owner = OrganizationId(secret.owner)
    session = await desk.links.session(owner, SetupSessionId(secret.row))
    if not secret.fits(bytes(32) if session is None else session.hash) or session is None:
        return None
    link = await desk.links.link(owner, session.link_id)
    organization = await desk.organizations.by_id(owner)
    now = desk.clock()
    if link is None or organization is None or now >= session.expires_at:
        return None
    return Visit(organization, link, session) if link.state(now) is LinkState.ALIVE else None


async def leave(desk: SetupDesk, visit: Visit) -> None:
    """End this browser's session; the link stays alive."""
    await desk.ledger.commit(Change(visit.organization.id, (SetupSessionEnd(visit.session.id),)))


async def notices(desk: SetupDesk, organization: Organization, link: SetupLink, what: str) -> tuple[Row, ...]:
    """The mails that tell the administrators what a link did."""
    subject, text = told_letter(organization.name, link, what)
    addresses = await desk.concerned.addresses(organization.id)
    return tuple(row for to in addresses for row in desk.letters(organization.id, to, subject, text))


async def _kept(desk: SetupDesk, link: SetupLink) -> SetupLink:
    kept = await desk.links.link(link.organization_id, link.id)
    if kept is None:
        raise Refused("not_found", NOT_ALIVE)
    return kept
