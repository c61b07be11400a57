"""Hallway in Fieldbook. The rest of the product asks `request.scope["hallway"]` who is there, and that is all."""

from examples.fieldbook.accounts import Accounts
from examples.fieldbook.pages import notice_page
from examples.fieldbook.settings import Settings
from hallway.client import Application, AsyncFollower, AsyncHubClient, Door, DoorSettings


def hub_client(settings: Settings) -> AsyncHubClient:
    return AsyncHubClient(
        Application(
            hub=settings.hub,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            redirect_uri=f"{settings.base_url}/hallway/callback",
            api_key=settings.api_key,
        )
    )


def with_hallway(product, client: AsyncHubClient, accounts: Accounts, settings: Settings) -> Door:
    return Door(
        product,
        DoorSettings(
            client=client,
            sessions=accounts,  # who is signed in: our own table
            follower=AsyncFollower(client, accounts),  # who came, changed and left: our own table too
            webhook_secrets=settings.webhook_secrets,
            secret=bytes.fromhex(settings.cookie_secret),
            open_paths=("/", "/static/"),
            page=notice_page,
        ),
    )
