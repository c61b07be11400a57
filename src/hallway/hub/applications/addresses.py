"""Addresses that an application may register: exact, absolute, and such that a browser reads them in one way."""

from typing import Final
from urllib.parse import urlsplit

from hallway.hub.applications.model import Addresses, Kind
from hallway.hub.organizations.service import Refused

MOST: Final = 50
LONGEST: Final = 1000
_LOOPBACK: Final = ("127.0.0.1", "::1")
_NEVER: Final = ("javascript", "data", "vbscript", "file", "blob", "about")


def address_faults(given: Addresses, kind: Kind, in_development: bool) -> dict[str, Refused]:
    """What is wrong, by the field of `Addresses` that it is about."""
    parts = {
        "redirect_uris": given.redirect_uris, "post_logout_uris": given.post_logout_uris,
        "logout_uri": (given.logout_uri,) if given.logout_uri else (), "setup_return_uris": given.setup_return_uris,
    }  # fmt: skip
    found = {part: _fault(part, addresses, kind, in_development) for part, addresses in parts.items()}
    return {part: refused for part, refused in found.items() if refused is not None}


def each_once(given: Addresses) -> Addresses:
    """The addresses without those that were given twice."""
    lists = (given.redirect_uris, given.post_logout_uris, given.setup_return_uris)
    redirect, post, back = (tuple(dict.fromkeys(one)) for one in lists)
    return Addresses(redirect, post, given.logout_uri, back)


def _fault(part: str, addresses: tuple[str, ...], kind: Kind, in_development: bool) -> Refused | None:
    if kind is Kind.MACHINE and part != "setup_return_uris" and addresses:
        return Refused("invalid", "A machine application signs nobody in: it has no redirect or logout addresses.")
    if kind is not Kind.MACHINE and part == "redirect_uris" and not addresses:
        return Refused("invalid", "An application that signs people in has at least one redirect address.")
    if len(addresses) > MOST:
        return Refused("invalid", "An application has at most %(most)s addresses of one kind.", most=MOST)
    native = kind is Kind.PUBLIC and part in ("redirect_uris", "post_logout_uris")
    for one in addresses:
        if not _can_be_registered(one, in_development, native):
            return Refused(
                "invalid", "%(address)s cannot be registered: give a whole https address.", address=repr(one)
            )
    return None


def _can_be_registered(text: str, in_development: bool, native: bool) -> bool:
    if not 0 < len(text) <= LONGEST or not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}#*'):
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if any(segment in (".", "..") or "%2e" in segment.lower() for segment in parts.path.split("/")):
        return False
    if native and "." in parts.scheme and not parts.netloc and parts.scheme not in _NEVER:
        return True  # a scheme of the application's own, as its reversed domain (RFC 8252 §7.1)
    plain = parts.scheme == "http" and (
        (native and host in _LOOPBACK) or (in_development and (host in _LOOPBACK or _is_local(host)))
    )
    return bool((parts.scheme == "https" or plain) and host and "@" not in parts.netloc)


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
