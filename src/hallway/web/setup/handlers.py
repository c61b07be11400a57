"""All handlers of the portal."""

from collections.abc import Mapping

from hallway.hub.setup.service import SetupDesk
from hallway.web.console.connections.bench import StartTest
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.setup.directories import DirectoryPages
from hallway.web.setup.entrance import EntrancePages
from hallway.web.setup.portal import Portal
from hallway.web.setup.signing_on import SigningOnPages
from hallway.web.setup.tasks import TaskPages
from hallway.web.wiring import Hub


def setup_handlers(hub: Hub, pages: Pages, desk: SetupDesk, start_test: StartTest) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    portal = Portal(hub, pages, desk)
    return {
        **EntrancePages(portal).handlers(),
        **TaskPages(portal).handlers(),
        **DirectoryPages(portal).handlers(),
        **SigningOnPages(portal, start_test).handlers(),
    }
