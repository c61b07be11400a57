"""Where a set-up link leads back to: addresses of the application that the deployment has registered, and no others.

Rules: scheme, host, port and path are those of a registered address, to the letter; a query may stand behind it, so
that the application knows which of its customers comes back.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from hallway.hub.organizations.service import Refused

MAX_URL: Final = 2000
ReturnUrls: TypeAlias = Callable[[], Awaitable[Collection[str]]]
"""What is registered now."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Returns:
    """Back to the application while the work goes on, and once it is done; "" for nowhere."""

    back: str = ""
    done: str = ""


async def nowhere() -> Collection[str]:
    """Nothing is registered."""
    return ()


def checked_returns(returns: Returns, registered: Collection[str]) -> Returns:
    """The same; refuses what is not registered."""
    for name, url in (("return_url", returns.back), ("success_url", returns.done)):
        if url and not is_registered(url, registered):
            raise Refused(
                "invalid",
                f"{name} is none of the addresses that may be led back to: those of the setting setup_return_urls, and "
                "those that an application has registered.",
            )
    return returns


def is_registered(url: str, registered: Collection[str]) -> bool:
    """Whether a browser may be led there."""
    place = _place(url)
    return place is not None and any(_place(one) == place for one in registered)


def _place(url: str) -> tuple[str, str, int, str] | None:
    """What has to be the same; None for what is no plain address."""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or any(one in url for one in " \\#"):
        return None
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path or "/"
