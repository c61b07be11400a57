"""What an application's back-channel address is sent (OpenID Connect Back-Channel Logout 1.0 §2.5, §2.8).

Rules: a logout token is made for each attempt, since it counts for two minutes; an event that is nothing to the
application is not sent; 400 says that the application will not take this one, ever.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from hallway.delivery.model import Endpoint
from hallway.delivery.ports import Message, Verdict, usual_verdict
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.leaving import ENDING, SIGNED_OUT, logout_token_for
from hallway.hub.applications.model import ApplicationState
from hallway.hub.webhooks.messages import Tells
from hallway.ids import ENTRY, ApplicationId, wire
from hallway.journal.feed import Placed
from hallway.outbound import Answer

_HEADERS: Final = (("content-type", "application/x-www-form-urlencoded"),)


@dataclass(frozen=True, slots=True)
class Logouts:
    """The strategy of endpoints of kind `logout`."""

    desk: ApplicationDesk
    teller: Tells

    def types(self, endpoint: Endpoint) -> Collection[str]:
        """Those after which a session is over."""
        return ENDING | {SIGNED_OUT}

    async def messages(self, endpoint: Endpoint, entries: Sequence[Placed]) -> Mapping[int, Message]:
        """A token for each entry that concerns the application."""
        application = await self.desk.applications.application(ApplicationId(endpoint.belongs_to or b""))
        if application is None or application.state is not ApplicationState.ACTIVE:
            return {}
        documents = {str(one["id"]): one for one in await self.teller.told(entries)}
        found: dict[int, Message] = {}
        for one in entries:
            event = documents.get(wire(ENTRY, one.event_id))
            token = None if event is None else await logout_token_for(self.desk, application, event)
            if token is not None:
                found[one.position] = Message(urlencode({"logout_token": token}).encode(), lambda _: _HEADERS)
        return found

    def verdict(self, answer: Answer) -> Verdict:
        """As usual, but that 400 refuses this token for good."""
        return Verdict.NEVER if answer.status == 400 else usual_verdict(answer)
