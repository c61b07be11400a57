"""Whom a connection trusts: an issuer by its exact text, or Entra's template together with the tenants meant."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hallway.oidc.problem import OidcProblem

TENANT: Final = "{tenantid}"
LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer. A text with `{tenantid}` needs the tenants by name; any other has none."""

    text: str
    tenants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (TENANT in self.text) != bool(self.tenants):
            raise ValueError("a template needs tenants, and only a template has them")

    def tenant_of(self, text: str) -> str | None:
        """The tenant whose issuer this text is, "" where there are no tenants, None where it is another issuer."""
        if not self.tenants:
            return "" if text == self.text else None
        return next((one for one in self.tenants if self.text.replace(TENANT, one) == text), None)


def checked_url(text: str, http_hosts: frozenset[str], what: str) -> str:
    """An absolute https address, or http at a host that is named, without user and fragment. Raises `OidcProblem`."""
    problem = OidcProblem("wrong_endpoint", f"{what} as an https address", text)
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text or len(text) > LONGEST:
        raise problem
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise problem from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in http_hosts)
    if not secure or not host or port == 0 or "@" in parts.netloc or "#" in text:
        raise problem
    return text
