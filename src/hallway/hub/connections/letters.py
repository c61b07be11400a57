"""Mails about connections: keys that appeared, and certificates that end."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hallway.hub.connections.discovered import Moved
from hallway.hub.connections.model import DAY, Connection, ProviderKey
from hallway.hub.connections.trusted import fingerprint


def new_keys_letter(one: Connection, keys: Sequence[ProviderKey], offered: bool, page: str) -> tuple[str, str]:
    """Subject and text: what appeared, and what becomes of it."""
    listed = "\n".join(f"  {fingerprint(key.certificate)}" for key in keys)
    then = (
        "It is trusted only once an administrator approves it."
        if offered
        else "Unless an administrator rejects it, it is trusted in 24 hours; the keys of before go on."
    )
    return f"{one.name}: your identity provider has a new key", (
        f"The metadata of the connection {one.name} has a new signing certificate. Its SHA-256 fingerprint:\n\n"
        f"{listed}\n\n"
        f"{then} Compare it with what your provider's own console shows:\n\n{page}\n\n"
        "If nobody of you changed anything there, reject it, and ask your provider.\n"
    )


def moved_letter(one: Connection, change: Moved, page: str) -> tuple[str, str]:
    """Subject and text: what an OpenID provider says otherwise than before, and what becomes of it."""
    then = (
        "It would make us judge less strictly, so it counts only once an administrator saves issuer and client again."
        if change.loosens
        else "It counts in 24 hours; until then all goes on as before. To use it now, save issuer and client again."
    )
    return f"{one.name}: your identity provider moved", (
        f"What the provider of the connection {one.name} publishes about itself changed:\n\n"
        f"  {', '.join(change.names)}\n\n"
        f"{then}\n\n{page}\n\n"
        "If nobody of you changed anything there, switch the connection off, and ask your provider.\n"
    )


def ending_letter(one: Connection, what: bytes, ends: int, now: int, page: str) -> tuple[str, str]:
    """Subject and text: which certificate of the provider ends, and what to do."""
    days = max((ends - now) // DAY, 0)
    left = "in less than a day" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    reads = (
        "We read your provider's metadata again every few hours: once a new certificate stands in it, it is taken up."
        if one.saml.metadata_url
        else "This connection does not read metadata by itself: give us the new certificate once you have it."
    )
    return f"{one.name}: the provider's certificate ends {left}", (
        f"The certificate by which the connection {one.name} knows its identity provider ends on "
        f"{_day(ends)}.\n\n  {fingerprint(what)}\n\n"
        "Make a new one in your provider's console before that day, while the old one still works. "
        f"{reads}\n\n{page}\n"
    )


def _day(at: int) -> str:
    day = datetime.fromtimestamp(at / 1_000_000, UTC)
    return f"{day.day} {day:%B %Y} (UTC)"
