"""Who is in the directory and not a member: why, and what an administrator can say."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from hallway.hub.directories.accepting import accept, dismiss, grant_admin, invitable, why_waiting
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.service import Refused
from hallway.ids import USER, ResourceId, wire
from hallway.journal.model import Actor
from hallway.web.console.directories.shelf import Shelf, key_of, query_of, resource_id, root
from hallway.web.forms import read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

Act: TypeAlias = Callable[[Desk, Directory, ResourceId, Actor], Awaitable[object]]


class WaitingPages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub
        self._acts: Mapping[str, tuple[Act, str]] = {
            "accept": (accept, N_("She is a member now.")),
            "invite": (self._invite, N_("An invitation was sent to her.")),
            "dismiss": (dismiss, N_("She is not listed any more.")),
            "grant": (grant_admin, N_("She is an administrator now.")),
        }

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"directory_waiting": self.index, "directory_accept": self.act}

    async def index(self, request: Request, visitor: Any) -> Response:
        """Those who wait with their reasons, and those whom the directory wants to be administrators."""
        directory = await self._shelf.directory(request, visitor)
        desk, key = self._hub.desk, key_of(directory)
        page = await desk.ties.links.unlinked(key, resource_id(USER, query_of(request).get("after", "")))
        waiting = []
        for line in page.listed:
            stored = await desk.resources.by_id(key, Kind.USER, line.id)
            if stored is not None:
                waiting.append((line, wire(USER, line.id), await why_waiting(desk, directory, stored)))
        asking = await desk.ties.links.asking(key)
        names = await self._hub.stores.people.names(key, [link.resource_id for link in asking])
        return self._shelf.render(
            request, "waiting", directory, waiting=waiting,
            asking=[(names[one], wire(USER, one)) for link in asking if (one := link.resource_id) in names],
            can_mail=self._hub.can_mail, more=wire(USER, page.listed[-1].id) if page.more else "",
        )  # fmt: skip

    async def act(self, request: Request, visitor: Any) -> Response:
        """Accept, invite, dismiss, or grant Admin."""
        directory = await self._shelf.directory(request, visitor)
        one, form = resource_id(USER, request.params["user"]), await read_form(request)
        if one is None or form["act"] not in self._acts:
            raise EdgeProblem(404, "There is nobody with this id in this directory.")
        do, done = self._acts[form["act"]]
        await do(self._hub.desk, directory, one, visitor.actor(request))
        words = self._shelf.pages.language(request).text(done)
        return self._shelf.pages.see_other(f"{root(directory)}/waiting", done=words)

    async def _invite(self, desk: Desk, directory: Directory, one: ResourceId, actor: Actor) -> None:
        """She answers for herself, by mail: the address is hers if she can read what is sent there."""
        if not self._hub.can_mail:
            raise Refused("conflict", "This deployment sends no mail, so nobody can be invited from here.")
        email = await invitable(desk, directory, one)
        await invite(self._hub.roster, directory.organization, Wish(email), actor)
