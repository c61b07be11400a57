"""Tokens of a directory: listed, made, rotated, ended; each shown once."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.directories.model import Directory, Token
from hallway.hub.directories.rotation import closings, rotated, successor_of
from hallway.ids import TOKEN, parsed
from hallway.web.console.directories.guides import GUIDES
from hallway.web.console.directories.guides import TOKEN as PASTED
from hallway.web.console.directories.shelf import Shelf, key_of, root, token_name
from hallway.web.forms import read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.rows import PageHandler

_LONGEST_LABEL = 200


class TokenPages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "directory_tokens": self.index,
            "directory_token_create": self.create,
            "directory_token_rotate": self.rotate,
            "directory_token_revoke": self.revoke,
            "directory_token_once": self.once,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """Living tokens first; each with what will become of it."""
        directory = await self._shelf.directory(request, visitor)
        tokens, now = await self._tokens(directory), self._hub.desk.clock()
        closing = closings(tokens, now)
        listed = [
            (token, token_name(token.id), token.is_alive(now), closing.get(token.id), successor_of(token, tokens, now))
            for token in sorted(tokens, key=lambda one: (not one.is_alive(now), -one.created_at))
        ]
        return self._shelf.render(request, "tokens", directory, listed=listed, days=self._days)

    @property
    def _days(self) -> int:
        return self._hub.settings.tokens_default_days

    async def _tokens(self, directory: Directory) -> list[Token]:
        return list(await self._hub.stores.directories.tokens(key_of(directory)))

    async def create(self, request: Request, visitor: Any) -> Response:
        """Another token beside those there are."""
        directory = await self._shelf.directory(request, visitor)
        label = (await read_form(request))["label"][:_LONGEST_LABEL]
        made = await self._shelf.acting(request, visitor).add_token(directory, self._days, label)
        return self._to_once(directory, visitor, made.text)

    async def rotate(self, request: Request, visitor: Any) -> Response:
        """Its successor; the old one waits, or ends now."""
        directory = await self._shelf.directory(request, visitor)
        form, token = await read_form(request), await self._token(request, directory)
        made = await rotated(self._hub.desk, directory, token, self._days, visitor.actor(request))
        if form["close"] == "now":
            await self._shelf.acting(request, visitor).revoke_token(token)
        return self._to_once(directory, visitor, made.text)

    async def revoke(self, request: Request, visitor: Any) -> Response:
        """End it now."""
        directory = await self._shelf.directory(request, visitor)
        await self._shelf.acting(request, visitor).revoke_token(await self._token(request, directory))
        done = self._shelf.pages.language(request).text("The token ended.")
        return self._shelf.pages.see_other(f"{root(directory)}/tokens", done=done)

    async def once(self, request: Request, visitor: Any) -> Response:
        """The text of the token that was just made; looked at again, it is not there."""
        directory = await self._shelf.directory(request, visitor)
        text = self._shelf.shown_token(request, directory, visitor)
        field = next(
            (p.field for step in GUIDES[directory.provider].steps for p in step.pastes if p.what == PASTED), ""
        )
        page = self._shelf.render(
            request, "token_once", directory, text=text, field=field, base_url=self._shelf.base_url(directory)
        )
        return page._replace(headers=(*page.headers, self._shelf.pages.cookies.ended("new_token")))

    async def _token(self, request: Request, directory: Directory) -> Token:
        found = parsed(TOKEN, request.params["token"])
        for token in await self._tokens(directory):
            if token.id == found:
                return token
        raise EdgeProblem(404, "There is no such token in this directory.")

    def _to_once(self, directory: Directory, visitor: Any, text: str) -> Response:
        header = self._shelf.remembered_token(directory, visitor, text)
        return self._shelf.pages.see_other(f"{root(directory)}/token", header)
