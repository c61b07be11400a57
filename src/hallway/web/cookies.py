"""Cookies of ours.

Rules: scripts never read one; it goes to this host only (`__Host-` where there is TLS) and never with what another
site posts; its name says which product it is of, since cookies do not tell ports apart.
"""

import re
from dataclasses import dataclass
from typing import Final

from hallway.web.http import Header, Request

PRODUCT: Final = "hub"
_VALUE: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and makes cookies; `secure` says that the base URL is https."""

    secure: bool

    def name(self, of: str) -> str:
        """The name on the wire."""
        return f"__Host-{PRODUCT}_{of}" if self.secure else f"{PRODUCT}_{of}"

    def read(self, request: Request, of: str) -> str:
        """The value that came, "" for none."""
        wanted = self.name(of)
        for part in request.header(b"cookie").split(";"):
            name, _, value = part.strip().partition("=")
            if name == wanted:
                return value
        return ""

    def made(self, of: str, value: str, max_age_seconds: int | None = None) -> Header:
        """The header that sets it; without an age it ends with the browser's session."""
        if not _VALUE.fullmatch(value):
            raise ValueError(f"The cookie {of} has a value that a header cannot carry.")
        age = "" if max_age_seconds is None else f"; Max-Age={max_age_seconds}"
        secure = "; Secure" if self.secure else ""
        return b"set-cookie", f"{self.name(of)}={value}; Path=/{age}{secure}; HttpOnly; SameSite=Lax".encode()

    def ended(self, of: str) -> Header:
        """The header that removes it."""
        return self.made(of, "", 0)
