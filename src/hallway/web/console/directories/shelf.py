"""What the pages of directories share: the directory of an address, words in the visitor's language, the new token."""

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hallway.hub.directories.administration import Administration
from hallway.hub.directories.health import Level
from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.directories.phrase import Phrase
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import DIRECTORY, GROUP, TOKEN, USER, DirectoryId, ResourceId, parsed, wire
from hallway.keys.model import Undecipherable, UnknownKey
from hallway.web.guards import own_path
from hallway.web.http import EdgeProblem, Header, Request, Response
from hallway.web.language import N_, Language
from hallway.web.pages import Pages
from hallway.web.wiring import Hub

SHOWN_SECONDS: Final = 300
KINDS: Final = {
    Level.WELL: "good",
    Level.NOTE: "info",
    Level.WAITING: "waiting",
    Level.ATTENTION: "waiting",
    Level.STOPPED: "bad",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The open Hub and what renders."""

    hub: Hub
    pages: Pages

    def acting(self, request: Request, visitor: Any) -> Administration:
        """What this visitor does with directories."""
        return Administration(self.hub.desk, self.hub.catalogue.types, visitor.actor(request))

    async def directory(self, request: Request, visitor: Any) -> Directory:
        """The directory of the address; another organization's is 404, as one that never was."""
        found = parsed(DIRECTORY, request.params["directory"])
        if found is not None:
            directory = await self.hub.stores.directories.directory(visitor.organization.id, DirectoryId(found))
            if directory is not None and directory.state is not DirectoryState.DELETED:
                return directory
        raise EdgeProblem(404, "There is no such directory in this organization.")

    def base_url(self, directory: Directory) -> str:
        """What the other product is given."""
        own = f"{self.hub.settings.scim_base_url}{own_path(directory)}"
        return own + product_of(directory.provider).url_suffix

    def render(self, request: Request, name: str, directory: Directory, status: int = 200, /, **more: Any) -> Response:
        """A page of one directory."""
        language = self.pages.language(request)
        return self.pages.render(
            request,
            f"directories/{name}.html",
            status,
            directory=directory,
            product_there=product_of(directory.provider),
            root=root(directory),
            tabs=[(language.text(label), href) for label, href in _tabs(directory)],
            say=self.speaker(request),
            wire=wire,
            **more,
        )

    def speaker(self, request: Request) -> Callable[[Phrase], str]:
        """Says phrases in the visitor's language."""
        language = self.pages.language(request)
        return lambda phrase: spoken(phrase, language)

    def remembered_token(self, directory: Directory, visitor: Any, text: str) -> Header:
        """The new token on its way to the page that shows it: sealed, for this browser, for five minutes."""
        sealed = self.hub.keys.ring.encrypt(text.encode(), _context(directory, visitor))
        return self.pages.cookies.made("new_token", base64.urlsafe_b64encode(sealed).decode(), SHOWN_SECONDS)

    def shown_token(self, request: Request, directory: Directory, visitor: Any) -> str:
        """The token that this visitor made a moment ago in this browser, "" for none."""
        with suppress(ValueError, Undecipherable, UnknownKey):
            sealed = base64.urlsafe_b64decode(self.pages.cookies.read(request, "new_token"))
            return self.hub.keys.ring.decrypt(sealed, _context(directory, visitor)).decode() if sealed else ""
        return ""


def _context(directory: Directory, visitor: Any) -> bytes:
    return b"console new token" + directory.id + bytes(visitor.member.id)


def spoken(phrase: Phrase, language: Language) -> str:
    """A phrase in a language, with the phrases in it."""
    if phrase.many:
        text = language.words.ngettext(phrase.text, phrase.many, phrase.count)
    else:
        text = language.words.gettext(phrase.text)
    values = {
        name: spoken(value, language) if isinstance(value, Phrase) else value for name, value in phrase.values.items()
    }
    return text % values if values else text


def root(directory: Directory) -> str:
    """The path of a directory's pages."""
    return f"/directories/{wire(DIRECTORY, directory.id)}"


def _tabs(directory: Directory) -> list[tuple[str, str]]:
    place = root(directory)
    return [
        (N_("Overview"), place),
        (N_("People"), f"{place}/people"),
        (N_("Groups"), f"{place}/groups"),
        (N_("Waiting"), f"{place}/waiting"),
        (N_("Activity"), f"{place}/activity"),
        (N_("Tokens"), f"{place}/tokens"),
        (N_("Set-up"), f"{place}/setup"),
        (N_("Settings"), f"{place}/settings"),
    ]


def key_of(directory: Directory) -> DirectoryKey:
    """Where a directory's rows are."""
    return DirectoryKey(directory.organization_id, directory.id)


def query_of(request: Request) -> dict[str, str]:
    """The parameters of a page; of two by one name the last."""
    return dict(request.pairs())


def resource_id(prefix: str, text: str) -> ResourceId | None:
    """The user or group of a text, None where it names none."""
    found = parsed(prefix, text)
    return None if found is None else ResourceId(found)


def user_or_group(text: str) -> ResourceId | None:
    """The same of either kind."""
    return resource_id(USER, text) or resource_id(GROUP, text)


def token_name(token_id: bytes) -> str:
    """A token's id on the wire."""
    return wire(TOKEN, token_id)
