"""What the pages of accounts stand on, for people and for operators alike.

Rules: a session's cookie is set only where a session began just now; where one came from is followed only on this
host; a browser that signed in once is known to that account's door for a year.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hallway.accounts.desk import Declined, Opened
from hallway.accounts.model import Account, Session
from hallway.accounts.rooms import AccountRooms
from hallway.accounts.sign_in import Proof
from hallway.journal.model import Stale
from hallway.keys.stamp import Stamp
from hallway.scim.fold import fold
from hallway.web.account.doors import Doors
from hallway.web.forms import FormErrors
from hallway.web.http import Header, Request, Response
from hallway.web.pages import Pages, own_path
from hallway.web.sealed import Sealed
from hallway.web.visitor import browser_of

DEVICE_SECONDS: Final = 365 * 86400
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Ground:
    """One realm's services and what renders; `cookie` names its session, `home` is where its people work, `failed` is
    told of each address that somebody tried with a wrong password or code.
    """

    rooms: AccountRooms
    pages: Pages
    doors: Doors
    sealed: Sealed
    devices: Stamp
    cookie: str
    home: str
    failed: Callable[[str], None] = lambda _: None

    @property
    def prefix(self) -> str:
        """What the paths of this realm's pages begin with."""
        return self.rooms.paths.prefix

    def render(self, request: Request, name: str, status: int = 200, /, **context: Any) -> Response:
        """A page of this area."""
        return self.pages.render(request, f"account/{name}.html", status, prefix=self.prefix, **context)

    def signed_in(self, account: Account, opened: Opened, target: str, *headers: Header) -> Response:
        """On to where she wanted to go, with the new session's cookie."""
        seconds = (opened.session.expires_at - opened.session.created_at) // 1_000_000
        session = self.pages.cookies.made(self.cookie, opened.text, seconds)
        device = self.pages.cookies.made(f"{self.cookie}_device", self._device(account.email), DEVICE_SECONDS)
        return self.pages.see_other(target, session, device, *headers)

    def door_key(self, request: Request, email: str) -> bytes:
        """Whose allowance of wrong passwords this is: a known browser's own, or that of all strangers."""
        wanted = _address_key(email)
        device = self.pages.cookies.read(request, f"{self.cookie}_device")
        nonce, _, mark = device.partition(".")
        if mark and self.devices.fits(wanted + nonce.encode(), mark):
            return hashlib.sha256(wanted + nonce.encode()).digest()
        return wanted

    def _device(self, email: str) -> str:
        nonce = self.rooms.desk.entropy(_NONCE_BYTES).hex()
        return f"{nonce}.{self.devices.made(_address_key(email) + nonce.encode())}"

    async def begin(
        self, request: Request, account: Account, proofs: tuple[Proof, ...], was: Session | None
    ) -> Opened | None:
        """The session, in place of what this browser had; None where a proof was used up in this moment."""
        try:
            return await self.rooms.sign_in.begin(account, proofs, browser_of(request), was)
        except Stale:
            return None


def wanted(request: Request, form_next: str = "") -> str:
    """Where to go on to: what the address or the form says, on this host only; "" for nothing."""
    text = form_next or dict(request.pairs()).get("next", "")
    target = own_path(text) if text else ""
    return "" if target == "/" else target


def declined(problem: Declined, errors: FormErrors) -> FormErrors:
    """The refusal among the errors of a form."""
    errors.add(problem.field, problem.sentence, **problem.values)
    return errors


def refused(problem: Declined) -> FormErrors:
    """The refusal as the errors of a form."""
    return declined(problem, FormErrors())


def _address_key(email: str) -> bytes:
    return hashlib.sha256(b"door\0" + fold(email.strip()).encode()).digest()
