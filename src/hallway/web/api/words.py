"""Types that documents and bodies of the API share: ids, instants, texts, each with what it is and an example."""

from typing import Annotated, Final

from msgspec import Meta

from hallway.ids import (
    APPLICATION,
    ATTEMPT,
    CLIENT_SECRET,
    CONNECTION,
    CONTACT,
    DELIVERY_ATTEMPT,
    DIRECTORY,
    ENDPOINT,
    ENTRY,
    EXCHANGE,
    GROUP,
    MEMBER,
    ORGANIZATION,
    SETUP_LINK,
    STREAM,
    TOKEN,
    USER,
)
from hallway.journal.shape import precisely

_DIGITS: Final = "019acd00000070008000000000000000"


def _id(prefix: str, what: str) -> Meta:
    return Meta(description=what, pattern=f"^{prefix}[0-9a-f]{{32}}$", examples=[prefix + _DIGITS])


OrganizationId = Annotated[str, _id(ORGANIZATION, "The organization.")]
MemberId = Annotated[str, _id(MEMBER, "The member: the `sub` of her tokens.")]
DirectoryId = Annotated[str, _id(DIRECTORY, "The directory.")]
TokenId = Annotated[str, _id(TOKEN, "The directory token.")]
UserId = Annotated[str, _id(USER, "The user of a directory.")]
GroupId = Annotated[str, _id(GROUP, "The group of a directory.")]
ConnectionId = Annotated[str, _id(CONNECTION, "The connection.")]
AttemptId = Annotated[str, _id(ATTEMPT, "The sign-in attempt.")]
ExchangeId = Annotated[str, _id(EXCHANGE, "The recorded exchange.")]
EventId = Annotated[str, _id(ENTRY, "The event, wherever it is told.")]
ContactId = Annotated[str, _id(CONTACT, "The technical contact.")]
ApplicationId = Annotated[str, _id(APPLICATION, "The application: its `client_id`.")]
SecretId = Annotated[str, _id(CLIENT_SECRET, "The secret of an application.")]
WebhookId = Annotated[str, _id(ENDPOINT, "The webhook.")]
StreamId = Annotated[
    str,
    Meta(
        description="The stream: `stream_…` of one that is polled, `hook_…` of one that is pushed.",
        pattern=f"^({STREAM}|{ENDPOINT})[0-9a-f]{{32}}$",
        examples=[STREAM + _DIGITS],
    ),
]
DeliveryAttemptId = Annotated[str, _id(DELIVERY_ATTEMPT, "The attempt.")]
SetupLinkId = Annotated[str, _id(SETUP_LINK, "The set-up link.")]

_INSTANT: Final = "2026-11-25T10:02:00.000000+00:00"
Instant = Annotated[str, Meta(description="In UTC.", examples=[_INSTANT], extra_json_schema={"format": "date-time"})]
Name = Annotated[str, Meta(min_length=1, max_length=200, description="A name for people.", examples=["Acme"])]
ExternalId = Annotated[
    str, Meta(min_length=1, max_length=256, description="The vendor's own name for it.", examples=["customer-4711"])
]
Email = Annotated[str, Meta(max_length=254, description="An address.", examples=["jo@acme.example"])]

DomainName = Annotated[
    str, Meta(min_length=1, max_length=253, description="A domain, in its ASCII form.", examples=["acme.example"])
]
Text = Annotated[str, Meta(max_length=200, description="A text for people.", examples=["For IT"])]

KeyName = Annotated[str, Meta(description="A key, by its `name`.", pattern="^[0-9a-f]{64}$", examples=["0f" * 32])]

PATH_PARAMETERS: Final = {
    "organization": OrganizationId,
    "member": MemberId,
    "directory": DirectoryId,
    "token": TokenId,
    "user": UserId,
    "group": GroupId,
    "person": UserId,
    "connection": ConnectionId,
    "attempt": AttemptId,
    "exchange": ExchangeId,
    "link": SetupLinkId,
    "contact": ContactId,
    "application": ApplicationId,
    "secret": SecretId,
    "webhook": WebhookId,
    "stream": StreamId,
    "event": EventId,
    "domain": DomainName,
    "key": KeyName,
}
"""What stands in a path, by its name."""


def instant(at: int) -> str:
    """An instant, to the microsecond."""
    return precisely(at)


def maybe(at: int | None) -> str | None:
    """The same, of what may not have happened."""
    return None if at is None else precisely(at)
