"""The console of an organization: its settings and its directories."""

from typing import Final

from hallway.web.console.directories.routes import ROUTES as DIRECTORY_ROUTES
from hallway.web.console.settings.routes import ROUTES as SETTINGS_ROUTES
from hallway.web.rows import Row

ROUTES: Final[tuple[Row, ...]] = (*DIRECTORY_ROUTES, *SETTINGS_ROUTES)
