"""All handlers of the pages of an organization's settings."""

from collections.abc import Mapping

from hallway.web.console.settings.access import AccessPages
from hallway.web.console.settings.audit import AuditPages
from hallway.web.console.settings.contacts import ContactPages
from hallway.web.console.settings.domains import DomainPages
from hallway.web.console.settings.enforcing import EnforcingPages
from hallway.web.console.settings.exporting import ExportingPages
from hallway.web.console.settings.general import GeneralPages
from hallway.web.console.settings.inviting import InvitingPages
from hallway.web.console.settings.members import MemberPages
from hallway.web.console.settings.office import Office
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.wiring import Hub


def settings_handlers(hub: Hub, pages: Pages) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    office = Office(hub, pages)
    found: dict[str, PageHandler] = {}
    areas = (
        GeneralPages, MemberPages, InvitingPages, DomainPages, ContactPages, AccessPages, AuditPages, ExportingPages,
        EnforcingPages,
    )  # fmt: skip
    for area in areas:
        found.update(area(office).handlers())
    return found
