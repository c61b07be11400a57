"""What an OpenID provider says of itself, read again: what moved, and whether it may count by itself.

Rules: what could not be read, or names another issuer, changes nothing; other addresses are told to the administrators
and count a day later; what would judge less strictly than before counts only once an administrator reads it herself.
"""

from dataclasses import dataclass, fields, replace
from typing import Final

from hallway.hub.connections.model import STAGED, Connection, OidcSettings
from hallway.oidc.discovery import Provider, provider
from hallway.oidc.issuer import Issuer

_ADDRESSES: Final = (
    "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "logout_endpoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a newer document says otherwise: its name, and what it said and says where that can be shown."""

    name: str
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a newer document says otherwise, and whether it would judge less strictly."""

    parts: tuple[Part, ...]
    loosens: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(part.name for part in self.parts)


def kept_provider(one: Connection, http_hosts: frozenset[str]) -> Provider:
    """The provider whose word counts now. Raises `OidcProblem`."""
    settings = one.oidc
    return provider(200, settings.discovery.encode(), Issuer(settings.issuer), http_hosts)


def staged_provider(one: Connection, http_hosts: frozenset[str]) -> Provider | None:
    """The one that waits for its day, None for none."""
    settings = one.oidc
    if not settings.staged:
        return None
    return provider(200, settings.staged.encode(), Issuer(settings.issuer), http_hosts)


def moved(was: Provider, now: Provider) -> Moved:
    """What of it is not as it was; what we do not use, or use more strictly, is nothing."""
    before, after = ({name: getattr(one, name) for name in _ADDRESSES} for one in (was, now))
    parts = [Part(name, before[name], after[name]) for name in _ADDRESSES if before[name] != after[name]]
    loosens = bool(now.algorithms - was.algorithms) or (was.names_issuer and not now.names_issuer)
    if loosens:
        wider = now.algorithms - was.algorithms
        parts.append(Part("algorithms", _listed(was), _listed(now)) if wider else Part("iss"))
    return Moved(tuple(parts), loosens)


def _listed(one: Provider) -> str:
    return ", ".join(sorted(one.algorithms))


def same(one: Provider, other: Provider) -> bool:
    """Whether two documents say the same of everything that we use."""
    return all(getattr(one, each.name) == getattr(other, each.name) for each in fields(Provider))


def ripens(settings: OidcSettings, change: Moved, now: int) -> bool:
    """Whether what waits counts from now on by itself."""
    return settings.staged_at is not None and now >= settings.staged_at + STAGED and not change.loosens


def taken(settings: OidcSettings, document: str, now: int) -> OidcSettings:
    """With this document, and nothing that waits."""
    return replace(settings, discovery=document, discovery_read_at=now, finding="", staged="", staged_at=None)


def staged(settings: OidcSettings, document: str, now: int) -> OidcSettings:
    """With the same document as before, and a newer one that waits."""
    return replace(settings, discovery_read_at=now, finding="", staged=document, staged_at=now)
