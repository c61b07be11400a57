"""The console of those who run the deployment."""

from typing import Final

from hallway.web.rows import Row

ROUTES: Final[tuple[Row, ...]] = ()
