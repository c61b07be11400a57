"""An operator's own account: signing in, a forgotten password, what she signs in with.

The pages are those of everybody's account, in the operators' realm: other paths, another cookie, no registration.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hallway.accounts.desk import Browser
from hallway.accounts.model import Account, Session
from hallway.keys.stamp import Stamp
from hallway.web.account.doors import Doors
from hallway.web.account.ground import Ground
from hallway.web.account.resetting import ResetPages
from hallway.web.account.security import SecurityPages
from hallway.web.account.signing_in import SignInPages
from hallway.web.operator.guard import COOKIE, HOME, PREFIX
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.sealed import Sealed
from hallway.web.wiring import Hub


@dataclass(frozen=True, slots=True)
class OperatorEntering:
    """Operators come in at the list of organizations, and are made by others."""

    registration: str = "closed"

    async def after_sign_in(self, account: Account, session: Session, browser: Browser, target: str) -> str:
        """Where she wanted to go, if that is in this console."""
        return target if target.startswith(f"{PREFIX}/") else HOME


def operator_account_handlers(hub: Hub, pages: Pages) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    devices = Stamp(hub.keys, "browser that signed in an operator")
    ground = Ground(hub.operators, pages, Doors(), Sealed(hub.keys, pages.clock), devices, COOKIE, HOME)
    found = {
        **SignInPages(ground, OperatorEntering()).handlers(),
        **ResetPages(ground, hub.can_mail).handlers(),
        **SecurityPages(ground).handlers(),
    }
    return {f"operator_{name}": handler for name, handler in found.items()}
