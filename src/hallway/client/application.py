"""Who the application is to its Hub."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from hallway.client.steps import is_loopback

API: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Application:
    """An application by the credentials that `hallway hub application create` and `hub api-key create` printed.

    `hub` is the Hub's base URL, which is also the issuer of its tokens; `redirect_uri` has to be one of those that
    were registered, to the letter. Without an `api_key` people can sign in, and nothing else.
    """

    hub: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    api_key: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile", "groups")

    def __post_init__(self) -> None:
        parts = urlsplit(self.hub)
        if self.hub.endswith("/") or parts.query or parts.fragment or not parts.hostname:
            raise ValueError("hub is a base URL without a slash at its end, such as https://id.example")
        if parts.scheme != "https" and not self.http_hosts:
            raise ValueError("hub has to begin with https://; http:// is for a Hub on this machine")

    @property
    def http_hosts(self) -> frozenset[str]:
        """Hosts that may be asked over http: the Hub's own, where it is this machine."""
        host = urlsplit(self.hub).hostname or ""
        return frozenset({host}) if is_loopback(host) or host in ("127.0.0.1", "::1") else frozenset()

    def api_url(self, path: str) -> str:
        """The address of something in the REST API."""
        return self.hub + API + path
