"""All handlers of the pages of connections."""

from collections.abc import Mapping

from hallway.web.console.connections.attempts import AttemptPages
from hallway.web.console.connections.bench import Bench, StartTest
from hallway.web.console.connections.overview import OverviewPages
from hallway.web.console.connections.telling_us import KeyPages, TellingPages
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler
from hallway.web.wiring import Hub


def connection_handlers(hub: Hub, pages: Pages, start_test: StartTest) -> Mapping[str, PageHandler]:
    """By their names in the route table."""
    bench = Bench(hub, pages, start_test)
    found: dict[str, PageHandler] = {}
    for area in (OverviewPages, TellingPages, KeyPages, AttemptPages):
        found.update(area(bench).handlers())
    return found
