"""Addresses that an application may register: exact, absolute, and such that a browser reads them in one way."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

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
    faults = (_fault_of(one, in_development, native) for one in addresses)
    return next((fault for fault in faults if fault is not None), None)


def _fault_of(text: str, in_development: bool, native: bool) -> Refused | None:
    parts = _parts(text)
    if parts is None:
        return Refused(
            "invalid", "%(address)s cannot be registered: give a whole address, without # and *.", address=repr(text)
        )
    scheme, host = parts.scheme, parts.hostname or ""
    # A scheme of the application's own is its reversed domain (RFC 8252 §7.1).
    own = native and scheme not in ("", "http", "https", *_NEVER)
    if own and "." in scheme and not parts.netloc:
        return None
    if own:
        return Refused(
            "invalid",
            "%(address)s cannot be registered: an application's own scheme is its domain backwards, with one slash "
            "(com.example.app:/callback).",
            address=repr(text),
        )
    plain = scheme == "http" and (
        (native and host in _LOOPBACK) or (in_development and (host in _LOOPBACK or _is_local(host)))
    )
    if host and "@" not in parts.netloc and (scheme == "https" or plain):
        return None
    return Refused("invalid", "%(address)s cannot be registered: give a whole https address.", address=repr(text))


def _parts(text: str) -> SplitResult | None:
    """The address in its parts, None for one that two readers may read differently."""
    if not 0 < len(text) <= LONGEST or not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}#*'):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    dots = any(segment in (".", "..") or "%2e" in segment.lower() for segment in parts.path.split("/"))
    return None if dots else parts


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
