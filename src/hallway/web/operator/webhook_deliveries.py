"""What became of events at a webhook: looked at, page by page and attempt by attempt, and asked for again; pings."""

from collections.abc import Mapping
from typing import Any, Final

from hallway.delivery.model import ANSWER_BYTES, Attempt, Delivery, Endpoint
from hallway.delivery.ports import Verdict
from hallway.hub.webhooks.looking import (
    attempts,
    dead_letters,
    next_try,
    ping,
    recent_before,
    redeliver,
    redeliver_dead,
)
from hallway.ids import ENTRY, wire
from hallway.web.delivering import delivery_desk
from hallway.web.http import Request, Response
from hallway.web.language import N_, Language
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office
from hallway.web.operator.office import root as root_of
from hallway.web.operator.webhooks import Hooks, root
from hallway.web.rows import PageHandler

PAGE: Final = 25
REASONS: Final[Mapping[str, str]] = {
    "wrong_address": N_("This is not an address that we can ask."),
    "not_https": N_("The address does not begin with https://."),
    "unreachable": N_("No answer came from this address."),
    "too_slow": N_("The answer did not arrive in time."),
    "too_large": N_("The answer is larger than is taken."),
    "wrong_encoding": N_("The answer is compressed in a way that is not taken."),
    "broken": N_("The answer broke off."),
    "redirected": N_("The answer leads to another address, where this question does not follow."),
    "too_many_redirects": N_("The address leads to another one too many times."),
}
"""Why no answer came, by the codes of `hallway.outbound`, with which the reason of an attempt begins."""


class DeliveryPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._hooks = Hooks(office)
        self._desk = delivery_desk(office.hub)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_webhook": self.one,
            "operator_webhook_ping": self.ping,
            "operator_webhook_again": self.again,
            "operator_delivery": self.delivery,
            "operator_delivery_again": self.deliver,
        }

    async def one(self, request: Request, _: OperatorVisitor) -> Response:
        """Its state, and the latest deliveries or the dead letters."""
        return await self._one(request, await self._hooks.endpoint(request))

    async def _one(self, request: Request, endpoint: Endpoint, **context: Any) -> Response:
        asked = dict(request.pairs()) if request.method == "GET" else {}
        dead, place = asked.get("show") == "dead", _position(asked.get("from", ""))
        found, following = await (self._dead(endpoint, place) if dead else self._latest(endpoint, place))
        words = {"show": "dead", "from": following} if dead else {"from": following}
        return await self._hooks.render(
            request, endpoint, "webhook", deliveries=[(one, wire(ENTRY, one.event_id)) for one in found], dead=dead,
            more=None if following is None else words, is_first=place is None, **{"pinged": None, **context},
        )  # fmt: skip

    async def _latest(self, endpoint: Endpoint, place: int | None) -> tuple[list[Delivery], int | None]:
        found = await recent_before(self._desk, endpoint, place, PAGE)
        return list(found.deliveries), found.following

    async def _dead(self, endpoint: Endpoint, place: int | None) -> tuple[list[Delivery], int | None]:
        found = list(await dead_letters(self._desk, endpoint, place or 0, PAGE + 1))
        return found[:PAGE], found[PAGE - 1].position if len(found) > PAGE else None

    async def ping(self, request: Request, _: OperatorVisitor) -> Response:
        """What came back, on the webhook's page; nothing of it is kept."""
        endpoint, language = await self._hooks.endpoint(request), self._office.pages.language(request)
        tried = await ping(self._desk, endpoint)
        pinged = {**_event(tried.attempt, language, True), "taken": tried.verdict is Verdict.TAKEN}
        return await self._one(request, endpoint, pinged=pinged)

    async def again(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Every dead letter once more."""
        endpoint, language = await self._hooks.endpoint(request), self._office.pages.language(request)
        count = await redeliver_dead(self._desk, endpoint, 0, visitor.actor(request))
        done = language.plural("%(num)s event is sent again.", "%(num)s events are sent again.", count)
        return self._office.pages.see_other(root(endpoint), done=done)

    async def delivery(self, request: Request, _: OperatorVisitor) -> Response:
        """Every attempt, the newest first, with the beginning of its answer."""
        endpoint, language = await self._hooks.endpoint(request), self._office.pages.language(request)
        delivery, made = await attempts(self._desk, endpoint, request.params["event"])
        about = await self._office.hub.stores.organizations.by_id(delivery.owner)
        return await self._hooks.render(
            request, endpoint, "webhook_delivery", delivery=delivery, event=wire(ENTRY, delivery.event_id),
            next_try=await next_try(self._desk, endpoint, delivery), about=about,
            about_root=root_of(about) if about else None,
            attempts=[_event(one, language, one is made[-1]) for one in reversed(made)],
        )  # fmt: skip

    async def deliver(self, request: Request, visitor: OperatorVisitor) -> Response:
        """This one once more."""
        endpoint, language = await self._hooks.endpoint(request), self._office.pages.language(request)
        await redeliver(self._desk, endpoint, request.params["event"], visitor.actor(request))
        done = language.text(N_("It is sent now. Look again in a moment for what was answered."))
        return self._office.pages.see_other(request.path.removesuffix("/again"), done=done)


def _event(attempt: Attempt, language: Language, is_open: bool) -> dict[str, Any]:
    """An attempt, as a timeline shows it."""
    if attempt.status is None:
        title = language.text(REASONS[attempt.reason.partition(":")[0]])
    else:
        title = language.text(N_("It answered %(status)s"), status=attempt.status)
    took = language.text(N_("%(count)s ms"), count=language.number(attempt.duration // 1000))
    label = N_("Its answer") if len(attempt.answer) < ANSWER_BYTES else N_("The first kilobyte of its answer")
    return {
        "at": attempt.at, "title": title, "detail": took, "kind": "bad" if attempt.reason else "good",
        "source": attempt.answer.decode(errors="replace"), "label": language.text(label), "open": is_open,
    }  # fmt: skip


def _position(text: str) -> int | None:
    """A place in the feed that an address names, None where it names none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None
