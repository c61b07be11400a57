"""Who really calls: what a trusted proxy says, and nothing that anybody else says."""

import functools
import ipaddress
import re
from typing import Final

from hallway.setting_values import Network

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_HOPS: Final = 32


@functools.lru_cache(maxsize=4096)
def is_trusted(address: str, trusted_proxies: tuple[Network, ...]) -> bool:
    """Whether an address lies in a trusted network; an IPv4 address in IPv6 clothes counts as itself."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted_proxies)


def forwarded_address(peer: str, chain: bytes, trusted_proxies: tuple[Network, ...]) -> str:
    """The nearest address of `X-Forwarded-For` that no trusted proxy stands at, read from the right.

    Where an entry is not an address, the last that was one counts: what stands left of it is hearsay.
    """
    nearest = peer
    for entry in reversed(chain.decode("latin-1").split(",")[-_HOPS:]):
        if not is_trusted(nearest, trusted_proxies):
            break
        parsed = _parsed(_without_port(entry.strip()))
        if parsed is None:
            break
        nearest = str(parsed)
    return nearest


def well_formed_request_id(text: bytes) -> str:
    """The id that a proxy gave this request, "" where there is none or it is no plain word."""
    return text.decode("ascii") if _REQUEST_ID.fullmatch(text) else ""


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, colon, _ = entry.partition(":")
    return host if colon and entry.count(":") == 1 else entry


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
