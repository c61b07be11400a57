"""All handlers of the pages of directories."""

from collections.abc import Mapping

from hallway.web.console.directories.activity import ActivityPages
from hallway.web.console.directories.overview import OverviewPages
from hallway.web.console.directories.people import PeoplePages
from hallway.web.console.directories.settings import SettingsPages
from hallway.web.console.directories.shelf import Shelf
from hallway.web.console.directories.tokens import TokenPages
from hallway.web.console.directories.waiting import WaitingPages
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.wiring import Hub


def directory_handlers(hub: Hub, pages: Pages) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    shelf = Shelf(hub, pages)
    found: dict[str, PageHandler] = {}
    for area in (OverviewPages, TokenPages, ActivityPages, PeoplePages, WaitingPages, SettingsPages):
        found.update(area(shelf).handlers())
    return found
