"""Hallway for the application's side: sign-in, the feed, webhooks, receipts and the REST API, typed, sync and async.

`HubClient` waits, `AsyncHubClient` does not; `Door` is ASGI middleware that makes (organization, member, role) of a
session. It is a part of its own: of the server it knows nothing, but the pure package `oidc`.
"""

from hallway.client.application import Application
from hallway.client.asynchronous import AsyncHubClient
from hallway.client.blocking import HubClient
from hallway.client.door import Door, DoorSettings, Ended, Sessions, Visitor
from hallway.client.file_reader import FileReader
from hallway.client.following import AsyncFollower, Batch, Reader
from hallway.client.following_blocking import BlockingReader, Follower
from hallway.client.model import (
    Cause,
    Did,
    Event,
    Group,
    Member,
    Organization,
    OrganizationRef,
    Receipt,
    SetupLink,
    Snapshot,
)
from hallway.client.notices import Notice
from hallway.client.problem import ApiProblem, CursorExpired, HubProblem, SignInRefused, Unreachable, WebhookRefused
from hallway.client.rest import LinkWish, Wanted
from hallway.client.sign_in import Attempt, Begun, Identity, Wish
from hallway.client.webhook import Message, verified

__all__ = [
    "ApiProblem",
    "Application",
    "AsyncFollower",
    "AsyncHubClient",
    "Attempt",
    "Batch",
    "Begun",
    "BlockingReader",
    "Cause",
    "CursorExpired",
    "Did",
    "Door",
    "DoorSettings",
    "Ended",
    "Event",
    "FileReader",
    "Follower",
    "Group",
    "HubClient",
    "HubProblem",
    "Identity",
    "LinkWish",
    "Member",
    "Message",
    "Notice",
    "Organization",
    "OrganizationRef",
    "Reader",
    "Receipt",
    "Sessions",
    "SetupLink",
    "SignInRefused",
    "Snapshot",
    "Unreachable",
    "Visitor",
    "Wanted",
    "WebhookRefused",
    "Wish",
    "verified",
]
