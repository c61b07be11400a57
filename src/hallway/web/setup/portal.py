"""What the pages of the portal share: the desk, the link's own directory and domain, how far the work is."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hallway.hub.connections.model import Connection
from hallway.hub.directories.activity import Asked
from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.domains import Domain
from hallway.hub.organizations.model import Feature
from hallway.hub.setup.acts import Workshop
from hallway.hub.setup.model import SetupLink, Task
from hallway.hub.setup.progress import Findings
from hallway.hub.setup.returning import is_registered
from hallway.hub.setup.service import SetupDesk
from hallway.keys.model import Undecipherable, UnknownKey
from hallway.web.console.directories.shelf import SHOWN_SECONDS, Shelf
from hallway.web.http import EdgeProblem, Header, Request, Response
from hallway.web.pages import Pages
from hallway.web.setup.guard import Guest
from hallway.web.wiring import Hub

ROOT: Final = "/setup"
_TOKEN_COOKIE: Final = "setup_token"  # noqa: S105 - the cookie's name
_RETURN_COOKIE: Final = "setup_return"
_RETURN_CONTEXT: Final = b"set-up return"
RETURN_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Portal:
    """The open Hub, what renders, and what set-up links need."""

    hub: Hub
    pages: Pages
    desk: SetupDesk

    @property
    def workshop(self) -> Workshop:
        """What acts on directories need."""
        return Workshop(self.hub.desk, self.hub.catalogue.types, self.hub.settings.tokens_default_days)

    async def directory(self, link: SetupLink) -> Directory | None:
        """The directory that this link made, while it is there."""
        made = link.progress.directory_id
        if made is None:
            return None
        directory = await self.hub.stores.directories.directory(link.organization_id, made)
        return None if directory is None or directory.state is DirectoryState.DELETED else directory

    async def own_directory(self, guest: Guest) -> Directory:
        """The same; 404 while there is none, and on a link that is not for directories."""
        self.refuse_task(guest, Task.DIRECTORY)
        directory = await self.directory(guest.link)
        if directory is None:
            raise EdgeProblem(404, "This link has made no directory yet.")
        return directory

    async def domain(self, link: SetupLink) -> Domain | None:
        """The domain that the bearer works on: the one that she named, else the first that waits to be proved."""
        claimed = await self.hub.stores.domains.domains(link.organization_id)
        name = link.progress.domain
        fitting = (one for one in claimed if (one.name == name if name else not one.has_effect))
        return next(fitting, None)

    async def connection(self, link: SetupLink) -> Connection | None:
        """The connection that this link made, while it is there."""
        made = link.progress.connection_id
        return None if made is None else await self.hub.stores.connections.connection(link.organization_id, made)

    async def own_connection(self, guest: Guest) -> Connection:
        """The same; 404 while there is none, and on a link that is not for sign-in."""
        self.refuse_task(guest, Task.SSO)
        found = await self.connection(guest.link)
        if found is None:
            raise EdgeProblem(404, "This link has made no connection yet.")
        return found

    async def findings(self, link: SetupLink) -> Findings:
        """What the organization's rows say of this link's work."""
        directory, connection = await self.directory(link), await self.connection(link)
        if directory is None:
            return Findings(await self._domains(link), connection=connection)
        request_at = await self._request_at(directory)
        return Findings(await self._domains(link), directory.state, request_at, connection)

    async def _request_at(self, directory: Directory) -> int | None:
        """When its token was last used; that is written a moment later, so what was kept of requests counts too."""
        key = DirectoryKey(directory.organization_id, directory.id)
        standing = await self.hub.stores.directories.standing(key)
        if standing.last_request_at is not None:
            return standing.last_request_at
        kept = await self.hub.stores.activity.exchanges(key, Asked())
        return kept[0].at if kept else None

    async def _domains(self, link: SetupLink) -> dict[str, bool]:
        if Task.DOMAIN not in link.tasks:
            return {}
        claimed = await self.hub.stores.domains.domains(link.organization_id)
        own = [one for one in claimed if one.name == link.progress.domain]
        return {one.name: one.has_effect for one in own or claimed}

    @staticmethod
    def refuse_task(guest: Guest, task: Task) -> None:
        """404 on a link that is not for this task."""
        if task not in guest.link.tasks:
            raise EdgeProblem(404, "This link is not for that.")

    def render(
        self, request: Request, name: str, guest: Guest, status: int = 200, /, fragment: str = "", **more: Any
    ) -> Response:
        """A page of the portal."""
        return self.pages.render(
            request, f"setup/{name}.html", status, fragment=fragment, organization=guest.organization, link=guest.link,
            unlocked=guest.organization.unlocks(Feature.SCIM),
            root=ROOT, say=self.shelf.speaker(request), **more,
        )  # fmt: skip

    @property
    def shelf(self) -> Shelf:
        """What pages of directories share, in the console too."""
        return Shelf(self.hub, self.pages)

    def about(self, directory: Directory) -> dict[str, Any]:
        """What templates say of the link's directory."""
        return {
            "directory": directory,
            "product_there": product_of(directory.provider),
            "base_url": self.shelf.base_url(directory),
        }

    def remembered_token(self, guest: Guest, text: str) -> Header:
        """The new token on its way to the page that shows it: sealed, for this browser, for five minutes."""
        sealed = self.hub.keys.ring.encrypt(text.encode(), _context(guest))
        return self.pages.cookies.made(_TOKEN_COOKIE, base64.urlsafe_b64encode(sealed).decode(), SHOWN_SECONDS)

    def shown_token(self, request: Request, guest: Guest) -> str:
        """The token that was made a moment ago in this browser, "" for none."""
        with suppress(ValueError, Undecipherable, UnknownKey):
            sealed = base64.urlsafe_b64decode(self.pages.cookies.read(request, _TOKEN_COOKIE))
            return self.hub.keys.ring.decrypt(sealed, _context(guest)).decode() if sealed else ""
        return ""

    def remembered_return(self, link: SetupLink) -> tuple[Header, ...]:
        """Where a link that is done leads, on its way to the last page: sealed, for this browser, for a minute."""
        if not link.returns.done:
            return ()
        sealed = self.hub.keys.ring.encrypt(link.returns.done.encode(), _RETURN_CONTEXT)
        return (self.pages.cookies.made(_RETURN_COOKIE, base64.urlsafe_b64encode(sealed).decode(), RETURN_SECONDS),)

    async def shown_return(self, request: Request) -> str:
        """Where the link that ended a moment ago in this browser leads, while that is registered; "" for nowhere."""
        with suppress(ValueError, Undecipherable, UnknownKey):
            sealed = base64.urlsafe_b64decode(self.pages.cookies.read(request, _RETURN_COOKIE))
            url = self.hub.keys.ring.decrypt(sealed, _RETURN_CONTEXT).decode() if sealed else ""
            return url if is_registered(url, await self.desk.return_urls()) else ""
        return ""

    def forgotten_return(self) -> Header:
        """The header by which the browser forgets it."""
        return self.pages.cookies.ended(_RETURN_COOKIE)

    def forgotten_token(self) -> Header:
        """The header by which the browser forgets it."""
        return self.pages.cookies.ended(_TOKEN_COOKIE)


def _context(guest: Guest) -> bytes:
    return b"set-up new token" + guest.link.id + guest.visit.session.id
