"""Signing out because an application says so (OpenID Connect RP-Initiated Logout 1.0).

Rules: an ID token of ours as the hint is enough to end the session that it tells of, and no other one; without one the
person is asked; nobody is sent to an address that the application has not registered for this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from hallway.hub.applications.clients import client_named
from hallway.hub.applications.hints import Hint, hint_of
from hallway.hub.applications.model import Application
from hallway.ids import ORGANIZATION, AccountId, OrganizationId, SessionId, parsed
from hallway.oidc.oauth_problem import OAuthProblem, ReturnTo, single
from hallway.oidc.provider import MOST_STATE, answer_url
from hallway.web.forms import read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.oauth.ground import OauthGround, Pairs, posted, queried
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of

PURPOSE: Final = "sign-out for an application"
HELD_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Wish:
    """What an application asked: whose session ends, if it said so, and where to go then, "" for nowhere."""

    hint: Hint | None
    application: Application | None
    target: str


class OauthLeaving:
    """Signing out, for browsers that an application sends."""

    def __init__(self, ground: OauthGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "oauth_logout": self.asked,
            "oauth_logout_posted": self.posted,
            "oauth_logout_confirmed": self.confirmed,
        }

    async def asked(self, request: Request, visitor: Any) -> Response:
        """By an address."""
        try:
            return await self._left(request, visitor, await self._judged(queried(request)))
        except OAuthProblem as problem:
            return self._ground.render(request, "refused", 400, problem=problem)

    async def posted(self, request: Request, _: Any) -> Response:
        """By a form of another site, with which the browser brings no cookie: what needs a person is asked anew."""
        try:
            pairs = await posted(request)
            wish = await self._judged(pairs)
            if wish.hint is None:
                kept = [(name, value) for name, value in pairs if name != "id_token_hint"]
                return self._ground.account.pages.see_other(f"/oauth2/logout?{urlencode(kept)}")
            return await self._left(request, None, wish)
        except OAuthProblem as problem:
            return self._ground.render(request, "refused", 400, problem=problem)

    async def confirmed(self, request: Request, visitor: Any) -> Response:
        """She said yes."""
        form, account = await read_form(request), self._ground.account
        held = account.sealed.value(PURPOSE, form["held"])
        if visitor is not None:
            await account.rooms.sessions.end(visitor.account, visitor.session.id, browser_of(request))
        return self._done(request, "" if held is None else str(held["target"]))

    async def _judged(self, pairs: Pairs) -> Wish:
        given = single(pairs)
        hint = await hint_of(self._ground.desk, given["id_token_hint"]) if "id_token_hint" in given else None
        if "id_token_hint" in given and hint is None:
            raise OAuthProblem("invalid_request", "The id_token_hint is not an ID token of ours.")
        named = given.get("client_id", "")
        if hint is not None and named and named != hint.client_id:
            raise OAuthProblem("invalid_request", "The id_token_hint was issued to another client.")
        client_id = named or (hint.client_id if hint is not None else "")
        application = await client_named(self._ground.desk, client_id) if client_id else None
        target = given.get("post_logout_redirect_uri", "")
        if target and (application is None or target not in application.addresses.post_logout_uris):
            raise OAuthProblem("invalid_request", "The post_logout_redirect_uri is not one that a client registered.")
        state = given.get("state", "")
        if target and state and len(state) <= MOST_STATE:
            target = answer_url(ReturnTo(target), {"state": state})
        return Wish(hint, application, target)

    async def _left(self, request: Request, visitor: Any, wish: Wish) -> Response:
        account = self._ground.account
        if wish.hint is None:
            if visitor is None:
                return self._done(request, wish.target)
            held = account.sealed.text(PURPOSE, {"target": wish.target}, HELD_SECONDS)
            return self._ground.render(request, "sign_out", held=held)
        ended = await self._ended(request, wish.hint)
        own = visitor is not None and visitor.session.id in ended
        return self._done(request, wish.target, ends_cookie=own)

    async def _ended(self, request: Request, hint: Hint) -> set[SessionId]:
        """The sessions that the hint tells of, ended now: also where the application gave its own tokens back first."""
        desk, owner = self._ground.desk, parsed(ORGANIZATION, hint.organization)
        if owner is None:
            return set()
        found: dict[SessionId, AccountId] = {
            one.session_id: one.account_id
            for one in await desk.grants.of_member(OrganizationId(owner), hint.member_id)
            if one.sid == hint.session
        }
        for session_id, account_id in found.items():
            whose = await desk.circle.accounts.by_id(account_id)
            session = await desk.circle.accounts.session(account_id, session_id)
            if whose is not None and session is not None and session.ended_at is None:
                await self._ground.account.rooms.sessions.end(whose, session_id, browser_of(request))
        return set(found)

    def _done(self, request: Request, target: str, ends_cookie: bool = True) -> Response:
        pages, cookie = self._ground.account.pages, self._ground.account.cookie
        ended = (pages.cookies.ended(cookie),) if ends_cookie else ()
        if target:
            answer = self._ground.led(request, target)
            return answer._replace(headers=(*answer.headers, *ended))
        done = pages.language(request).text(N_("You are signed out."))
        return pages.see_other("/sign-in", *ended, done=done)
