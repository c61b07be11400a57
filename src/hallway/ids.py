"""Identifiers: 16 bytes at rest, sortable by time (RFC 9562 version 7); a prefix and 32 hex digits on the wire."""

from typing import Final, NewType

OrganizationId = NewType("OrganizationId", bytes)
DirectoryId = NewType("DirectoryId", bytes)
TokenId = NewType("TokenId", bytes)
ResourceId = NewType("ResourceId", bytes)
ExchangeId = NewType("ExchangeId", bytes)
EntryId = NewType("EntryId", bytes)
AccountId = NewType("AccountId", bytes)
MemberId = NewType("MemberId", bytes)
InvitationId = NewType("InvitationId", bytes)
ContactId = NewType("ContactId", bytes)
SessionId = NewType("SessionId", bytes)
PasskeyId = NewType("PasskeyId", bytes)
MailLinkId = NewType("MailLinkId", bytes)
MailId = NewType("MailId", bytes)
SetupLinkId = NewType("SetupLinkId", bytes)
SetupSessionId = NewType("SetupSessionId", bytes)
ConnectionId = NewType("ConnectionId", bytes)
AttemptId = NewType("AttemptId", bytes)
SignInId = NewType("SignInId", bytes)
StreamId = NewType("StreamId", bytes)
ApiKeyId = NewType("ApiKeyId", bytes)
ApplicationId = NewType("ApplicationId", bytes)
ClientSecretId = NewType("ClientSecretId", bytes)
GrantId = NewType("GrantId", bytes)
CodeId = NewType("CodeId", bytes)
SigningKeyId = NewType("SigningKeyId", bytes)
EndpointId = NewType("EndpointId", bytes)
DeliveryAttemptId = NewType("DeliveryAttemptId", bytes)

ORGANIZATION: Final = "org_"
DIRECTORY: Final = "dir_"
TOKEN: Final = "tok_"  # noqa: S105 - a prefix
USER: Final = "user_"
GROUP: Final = "group_"
EXCHANGE: Final = "exch_"
ENTRY: Final = "evt_"
ACCOUNT: Final = "acct_"
MEMBER: Final = "mem_"
INVITATION: Final = "inv_"
CONTACT: Final = "contact_"
SESSION: Final = "sess_"
PASSKEY: Final = "pkey_"
SETUP_LINK: Final = "setup_"
CONNECTION: Final = "conn_"
ATTEMPT: Final = "att_"
STREAM: Final = "stream_"
API_KEY: Final = "key_"
APPLICATION: Final = "app_"
CLIENT_SECRET: Final = "secret_"  # noqa: S105 - a prefix
GRANT: Final = "grant_"
SIGNING_KEY: Final = "sig_"
ENDPOINT: Final = "hook_"
DELIVERY_ATTEMPT: Final = "try_"

_HEX_DIGITS: Final = 32


def fresh_id(at: int, random: bytes) -> bytes:
    """A version 7 UUID's bytes: `at` in microseconds since 1970, `random` at least ten bytes.

    The twelve bits after the version hold the microseconds within the millisecond, so ids made one after the
    other by one process sort in that order.
    """
    milliseconds, microseconds = divmod(at, 1000)
    head = (milliseconds << 16) | 0x7000 | (microseconds << 2)
    return head.to_bytes(8, "big") + bytes((0x80 | (random[0] & 0x3F),)) + random[1:8]


def wire(prefix: str, value: bytes) -> str:
    """The text of an id."""
    return prefix + value.hex()


def parsed(prefix: str, text: str) -> bytes | None:
    """The id that `text` stands for, or None where it is not one with this prefix (case as printed)."""
    digits = text.removeprefix(prefix)
    if len(digits) != _HEX_DIGITS or len(text) == len(digits) or digits.lower() != digits:
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None
