"""Domains: which organization has proved that it owns a name, and what that is worth now.

Rules: a claim without proof does nothing; one organization is the owner of a name (the locator, kind "domain"), and
a rival's proof makes the name contested, never moves it; subdomains are names of their own; names are kept in their
ASCII form (IDNA 2008, lower case). A proof that a check no longer finds holds for seven days, then stops new effects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

import idna

from hallway.hub.organizations.public_mail import PUBLIC_MAIL
from hallway.hub.organizations.service import Refused
from hallway.ids import OrganizationId

DAY: Final = 86_400 * 1_000_000
HOUR: Final = DAY // 24
GRACE: Final = 7 * DAY
RECORD_LABEL: Final = "_hallway-challenge"
RECORD_PREFIX: Final = "hallway-domain-verification="
MOST_DOMAINS: Final = 100
CHALLENGE_BYTES: Final = 20


class DomainState(Enum):
    """`pending`: claimed. `failing`: proved, and the last check did not find the record. `lapsed`: for seven days.
    `contested`: two organizations have proved it; the owner stays the owner until the operator decides, and it stays
    contested though a record goes missing meanwhile.
    """

    PENDING = "pending"
    PROVED = "proved"
    FAILING = "failing"
    LAPSED = "lapsed"
    CONTESTED = "contested"


class Finding(Enum):
    """What the last check found."""

    NOTHING_YET = ""
    FOUND = "found"
    NONE = "none"
    OTHER = "other"
    ALIAS = "alias"
    UNANSWERED = "unanswered"
    OWNED = "owned"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Domain:
    """One organization's claim to a name. `proved_at` is set while this organization is its owner."""

    organization_id: OrganizationId
    name: str
    state: DomainState
    challenge: str
    created_at: int
    proved_at: int | None = None
    checked_at: int | None = None
    failing_since: int | None = None
    finding: Finding = Finding.NOTHING_YET
    development: bool = False
    version: int = 1

    @property
    def is_owner(self) -> bool:
        """Whether existing links of people with addresses in it hold."""
        return self.proved_at is not None

    @property
    def has_lapsed(self) -> bool:
        """Whether its record has been missing for seven days, contested or not."""
        return (
            self.failing_since is not None
            and self.checked_at is not None
            and self.checked_at - self.failing_since >= GRACE
        )

    @property
    def has_effect(self) -> bool:
        """Whether it makes new members, new links and new routing."""
        return self.is_owner and not self.has_lapsed

    @property
    def record_name(self) -> str:
        """Where the record belongs."""
        return f"{RECORD_LABEL}.{self.name}"

    @property
    def record_value(self) -> str:
        """What the record says."""
        return RECORD_PREFIX + self.challenge

    @property
    def shown(self) -> str:
        """The name, with its Unicode form in brackets where it has one: look-alikes differ in the first."""
        if "xn--" not in self.name:
            return self.name
        try:
            return f"{self.name} ({idna.decode(self.name)})"
        except idna.IDNAError:
            return self.name

    def is_due(self, now: int) -> bool:
        """Whether the worker should look again: daily, hourly while it fails; never for a development mark."""
        if not self.is_owner or self.development:
            return False
        every = DAY if self.failing_since is None else HOUR
        return self.checked_at is None or now - self.checked_at >= every


@dataclass(frozen=True, slots=True)
class NewDomain:
    """A row to insert."""

    domain: Domain


@dataclass(frozen=True, slots=True)
class DomainUpdate:
    """The whole row as it shall be; ownership that came or went takes the locator along."""

    was: Domain
    domain: Domain


@dataclass(frozen=True, slots=True)
class DomainRemoval:
    """The row goes, and the ownership with it."""

    domain: Domain


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """What DNS says of one name: its TXT records, or `alias` (it points elsewhere), or `unanswered`."""

    texts: tuple[str, ...] = ()
    alias: bool = False
    unanswered: bool = False


class Domains(Protocol):
    """What domains need of a store."""

    async def domain(self, organization_id: OrganizationId, name: str) -> Domain | None:
        """One claim."""
        ...

    async def domains(self, organization_id: OrganizationId) -> Sequence[Domain]:
        """Every claim of an organization, by name."""
        ...

    async def owner(self, name: str) -> OrganizationId | None:
        """Who has proved the name."""
        ...

    async def owned(self) -> Sequence[tuple[OrganizationId, str]]:
        """Every name that has an owner."""
        ...


class TextRecords(Protocol):
    """Asks DNS."""

    async def texts(self, name: str) -> TextAnswer:
        """The TXT records of a name, as every resolver that answers has them."""
        ...


class Suffixes(Protocol):
    """Knows under which names anybody may register one."""

    def is_public(self, name: str) -> bool:
        """Whether the name is a public suffix (`com`, `co.uk`, `github.io`), or only one label."""
        ...


def domain_name(text: str) -> str:
    """The name in the form in which it is kept; refuses what is no name."""
    tidy = text.strip().rstrip(".")
    try:
        name = idna.encode(tidy, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        name = ""
    if not name or len(name) > 220 or name.rpartition(".")[2].isdecimal():
        raise Refused(
            "invalid", "Enter a domain, like acme.example: without http://, and without an address before it."
        )
    return name


def domain_of(email: str) -> str | None:
    """The domain of an address in the form in which domains are kept; None where it has none."""
    local, _, name = email.rpartition("@")
    try:
        return domain_name(name) if local else None
    except Refused:
        return None


def checked_domain(text: str, suffixes: Suffixes) -> str:
    """A name that one organization can own; refuses public suffixes and the domains of public mail."""
    name = domain_name(text)
    if suffixes.is_public(name):
        raise Refused(
            "invalid", "%(name)s belongs to nobody alone: people register their own names below it.", name=name
        )
    if name in PUBLIC_MAIL:
        raise Refused(
            "invalid", "%(name)s gives addresses to everybody; it cannot say who works for one organization.", name=name
        )
    return name


def judged(domain: Domain, at_label: TextAnswer, at_name: TextAnswer) -> Finding:
    """What two answers say of a claim: the record counts at either place, and only as the domain's own."""
    wanted = domain.record_value
    if any(_says(answer, wanted) for answer in (at_label, at_name)):
        return Finding.FOUND
    if at_label.alias:
        return Finding.ALIAS
    if at_label.unanswered or at_name.unanswered:
        return Finding.UNANSWERED
    texts = (*at_label.texts, *at_name.texts)
    other = any(text.strip().lower().startswith(RECORD_PREFIX) for text in texts) or at_label.texts
    return Finding.OTHER if other else Finding.NONE


def _says(answer: TextAnswer, wanted: str) -> bool:
    return not answer.alias and any(text.strip() == wanted for text in answer.texts)
