"""How a directory is, in words, and what to do about it.

Rules: silence is judged by how the product speaks; what stops everything stands first; nothing is called well that
was never heard of.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hallway.exchanges.model import HOUR
from hallway.hub.directories.activity import DAY_HOURS, Counts, total
from hallway.hub.directories.model import Directory, DirectoryState, Token
from hallway.hub.directories.phrase import Phrase, counted, said
from hallway.hub.directories.providers import Product, product_of
from hallway.hub.directories.rotation import closings, successor_of
from hallway.hub.directories.tokens import DAY
from hallway.hub.organizations.model import Feature, OrganizationState

QUIET_DAYS: Final = 3
EXPIRY_DAYS: Final = 30
RISING: Final = 10
"""So many refusals more than the day before, and twice as many, are a rise."""


class Level(IntEnum):
    """How bad; the worst is the directory's."""

    WELL = 0
    NOTE = 1
    WAITING = 2
    ATTENTION = 3
    STOPPED = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know, and the page where something can be done about it ("" for none)."""

    level: Level
    words: Phrase
    page: str = ""


@dataclass(frozen=True, slots=True)
class Signs:
    """What health is read from: `counts` of two days at least, `not_applied` what a closed directory did not end."""

    directory: Directory
    tokens: Sequence[Token]
    last_request_at: int | None
    counts: Counts
    not_applied: int
    now: int

    @property
    def product(self) -> Product:
        """Whose product pushes."""
        return product_of(self.directory.provider)

    def day(self, ago: int) -> Counter[str]:
        """Requests of each sort in the last 24 hours (0), or those before (1)."""
        after = self.now // HOUR + 1 - ago * DAY_HOURS
        return total(self.counts, after - DAY_HOURS, after)


def findings(signs: Signs) -> list[Finding]:
    """Everything there is to know, the worst first; one that says well where there is nothing else."""
    found = [finding for look in _LOOKS for finding in look(signs)]
    found.sort(key=lambda finding: -finding.level)
    if all(finding.level is Level.NOTE for finding in found):
        found.insert(0, Finding(Level.WELL, said("Requests arrive and are answered."), "activity"))
    return found


def _closed(signs: Signs) -> list[Finding]:
    directory, name = signs.directory, signs.product.name
    if directory.organization.state is OrganizationState.SUSPENDED:
        words = said(
            "The organization is suspended: writes are refused until it is resumed, and %(product)s tries again.",
            product=name,
        )
        return [Finding(Level.STOPPED, words)]
    if directory.state is DirectoryState.DISABLED:
        words = said("Switched off: writes are refused, reads are answered, and %(product)s tries again.", product=name)
        return [Finding(Level.STOPPED, words, "settings")]
    return []


def _not_applied(signs: Signs) -> list[Finding]:
    if not signs.not_applied:
        return []
    words = counted(
        "%(count)s deactivation or removal has not been applied.",
        "%(count)s deactivations or removals have not been applied.",
        signs.not_applied,
    )
    return [Finding(Level.ATTENTION, words, "settings")]


def _plan(signs: Signs) -> list[Finding]:
    organization = signs.directory.organization
    if organization.unlocks(Feature.SCIM):
        return []
    words = said(
        "The plan, %(plan)s, does not include provisioning: adding people is refused, ending still works.",
        plan=organization.plan.value,
    )
    return [Finding(Level.ATTENTION, words, "plan")]


def _tokens(signs: Signs) -> list[Finding]:
    now = signs.now
    living = [token for token in signs.tokens if token.is_alive(now)]
    if not living:
        words = said("No token is alive, so nothing can arrive. Make one and paste it in %(product)s.",
                     product=signs.product.name)  # fmt: skip
        return [Finding(Level.STOPPED, words, "tokens")]
    closing = closings(signs.tokens, now)
    found = [Finding(Level.NOTE, said("The old token closes by itself within a day."), "tokens")] if closing else []
    for token in living:
        successor = successor_of(token, signs.tokens, now)
        if successor is not None:
            if successor.first_used_at is None:
                words = said("The new token has not been used yet; the old one stays until it is.")
                found.append(Finding(Level.NOTE, words, "tokens"))
        elif token.expires_at - now < EXPIRY_DAYS * DAY:
            days = max(0, (token.expires_at - now) // DAY)
            words = counted(
                "A token ends in %(count)s day; rotate it.", "A token ends in %(count)s days; rotate it.", days
            )
            found.append(Finding(Level.ATTENTION, words, "tokens"))
    return found


def _refusals(signs: Signs) -> list[Finding]:
    today, before = signs.day(0)["refused"], signs.day(1)["refused"]
    if not today:
        return []
    if today >= 2 * before and today - before >= RISING:
        words = said(
            "Refusals rise: %(today)s in the last 24 hours, %(before)s in the 24 hours before.",
            today=today, before=before,
        )  # fmt: skip
        return [Finding(Level.ATTENTION, words, "refused")]
    words = counted(
        "%(count)s request was refused in the last 24 hours.",
        "%(count)s requests were refused in the last 24 hours.",
        today,
    )
    return [Finding(Level.NOTE, words, "refused")]


def _strangers(signs: Signs) -> list[Finding]:
    count = signs.day(0)["unauthenticated"]
    if not count:
        return []
    words = counted(
        "%(count)s request in the last 24 hours had no token of this directory (401). An old token may still stand "
        "in %(product)s, at %(place)s.",
        "%(count)s requests in the last 24 hours had no token of this directory (401). An old token may still stand "
        "in %(product)s, at %(place)s.",
        count,
        product=signs.product.name,
        place=signs.product.token,
    )
    return [Finding(Level.ATTENTION, words, "strangers")]


def _silence(signs: Signs) -> list[Finding]:
    product, last = signs.product, signs.last_request_at
    if last is None:
        return [Finding(Level.WAITING, said("No request yet: %(product)s has not called.", product=product.name),
                        "setup")]  # fmt: skip
    quiet = signs.now - last
    if product.rhythm_seconds:
        return _broken_rhythm(product, quiet)
    if quiet < QUIET_DAYS * DAY:
        return []
    words = counted(
        "No request for %(count)s day; %(product)s syncs on change, so this may be normal.",
        "No request for %(count)s days; %(product)s syncs on change, so this may be normal.",
        quiet // DAY,
        product=product.name,
    )
    return [Finding(Level.NOTE, words)]


def _broken_rhythm(product: Product, quiet: int) -> list[Finding]:
    if quiet < product.rhythm_seconds * 1_000_000:
        return []
    words = counted(
        "No request for %(count)s hour, though %(product)s asks every few hours while provisioning is on. Look there "
        "whether it is on, or in quarantine.",
        "No request for %(count)s hours, though %(product)s asks every few hours while provisioning is on. Look "
        "there whether it is on, or in quarantine.",
        quiet // HOUR,
        product=product.name,
    )
    return [Finding(Level.ATTENTION, words)]


_LOOKS: Final[Sequence[Callable[[Signs], list[Finding]]]] = (
    _closed, _tokens, _not_applied, _plan, _silence, _strangers, _refusals,
)  # fmt: skip
