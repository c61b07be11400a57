"""The portal behind a set-up link."""

from typing import Final

from hallway.web.rows import Row

ROUTES: Final[tuple[Row, ...]] = ()
