"""The console of an organization: its settings, its directories, and the set-up links that it gives away."""

from typing import Final

from hallway.web.console.connections.routes import ROUTES as CONNECTION_ROUTES
from hallway.web.console.directories.routes import ROUTES as DIRECTORY_ROUTES
from hallway.web.console.settings.routes import ROUTES as SETTINGS_ROUTES
from hallway.web.console.setup.routes import ROUTES as SETUP_LINK_ROUTES
from hallway.web.rows import Row

ROUTES: Final[tuple[Row, ...]] = (*DIRECTORY_ROUTES, *CONNECTION_ROUTES, *SETTINGS_ROUTES, *SETUP_LINK_ROUTES)
