"""Accounts: registering, signing in, and what a person sets for herself."""

from typing import Final

from hallway.web.rows import Row

ROUTES: Final[tuple[Row, ...]] = ()
