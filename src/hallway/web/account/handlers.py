"""All handlers of the pages of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass

from hallway.hub.organizations.model import Plan
from hallway.keys.stamp import Stamp
from hallway.web.account.doors import Doors
from hallway.web.account.entering import ConsoleEntering
from hallway.web.account.ground import Ground
from hallway.web.account.invitation import InvitationPages
from hallway.web.account.joining import Joining
from hallway.web.account.organizations import OrganizationPages
from hallway.web.account.registering import RegisterPages
from hallway.web.account.resetting import ResetPages
from hallway.web.account.security import SecurityPages
from hallway.web.account.settings import AccountPages
from hallway.web.account.signing_in import Elsewhere, SignInPages
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.sealed import Sealed
from hallway.web.visitor import SESSION_COOKIE, Visitors
from hallway.web.wiring import Hub, enforcement_desk


@dataclass(frozen=True, slots=True)
class AccountArea:
    """The pages of accounts, and what single sign-on stands on."""

    ground: Ground
    entering: ConsoleEntering
    handlers: Mapping[str, PageHandler]


def account_area(hub: Hub, pages: Pages, visitors: Visitors, elsewhere: Elsewhere) -> AccountArea:
    """Everything over an open Hub."""
    sealed = Sealed(hub.keys, pages.clock)
    devices = Stamp(hub.keys, "browser that signed in")
    ground = Ground(hub.people, pages, Doors(), sealed, devices, SESSION_COOKIE, "/", hub.failed_sign_ins.noted)
    entering = ConsoleEntering(ground, visitors, hub.roster, enforcement_desk(hub), hub.settings.registration)
    one_only = hub.settings.organizations_per_person == "one"
    joining = Joining(entering, Plan(hub.settings.registration_plan), one_only, hub.can_mail)
    handlers = {
        **SignInPages(ground, entering, elsewhere).handlers(),
        **ResetPages(ground, hub.can_mail).handlers(),
        **RegisterPages(ground, joining).handlers(),
        **InvitationPages(ground, joining, hub.invitation_stamp).handlers(),
        **OrganizationPages(ground, joining).handlers(),
        **AccountPages(ground, hub.can_mail).handlers(),
        **SecurityPages(ground).handlers(),
    }
    return AccountArea(ground, entering, handlers)
