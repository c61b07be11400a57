"""Addresses that an application may register: exact, absolute, and such that a browser reads them in one way."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from hallway.hub.applications.model import Addresses, Kind
from hallway.hub.organizations.service import Refused

MOST: Final = 50
LONGEST: Final = 1000
_LOOPBACK: Final = ("127.0.0.1", "::1")
_NEVER: Final = ("javascript", "data", "vbscript", "file", "blob", "about")


def checked_addresses(given: Addresses, kind: Kind, in_development: bool) -> Addresses:
    """The addresses, each once. Raises `Refused`."""
    if kind is Kind.MACHINE:
        if given != replace(Addresses(), setup_return_uris=given.setup_return_uris):
            raise Refused("invalid", "A machine application signs nobody in: it has no redirect or logout addresses.")
    elif not given.redirect_uris:
        raise Refused("invalid", "An application that signs people in has at least one redirect address.")
    native = kind is Kind.PUBLIC
    for one in (*given.redirect_uris, *given.post_logout_uris):
        _judge(one, in_development, native)
    for one in (*given.setup_return_uris, *((given.logout_uri,) if given.logout_uri else ())):
        _judge(one, in_development, False)
    lists = (given.redirect_uris, given.post_logout_uris, given.setup_return_uris)
    if any(len(one) > MOST for one in lists):
        raise Refused("invalid", "An application has at most %(most)s addresses of one kind.", most=MOST)
    redirect, post, back = (tuple(dict.fromkeys(one)) for one in lists)
    return Addresses(redirect, post, given.logout_uri, back)


def _judge(text: str, in_development: bool, native: bool) -> None:
    problem = Refused("invalid", "%(address)s cannot be registered: give a whole https address.", address=repr(text))
    if not 0 < len(text) <= LONGEST or not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}#*'):
        raise problem
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise problem from None
    if any(segment in (".", "..") or "%2e" in segment.lower() for segment in parts.path.split("/")):
        raise problem
    if native and "." in parts.scheme and not parts.netloc and parts.scheme not in _NEVER:
        return  # a scheme of the application's own, as its reversed domain (RFC 8252 §7.1)
    plain = parts.scheme == "http" and (
        (native and host in _LOOPBACK) or (in_development and (host in _LOOPBACK or _is_local(host)))
    )
    if not (parts.scheme == "https" or plain) or not host or "@" in parts.netloc:
        raise problem


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
