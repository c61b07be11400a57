"""The mails that directories send: subject and text."""

from datetime import UTC, datetime

from hallway.exchanges.model import HOUR
from hallway.hub.directories.health import Signs
from hallway.hub.directories.model import Directory, Token
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.tokens import DAY


def token_ends_letter(directory: Directory, token: Token, now: int, address: str, successor: bool) -> tuple[str, str]:
    """A token ends soon; `successor`: the next one was made, and is not used yet."""
    product = product_of(directory.provider)
    days = (token.expires_at - now + DAY - 1) // DAY
    left = "1 day" if days == 1 else f"{days} days"
    label = f" “{token.label}”" if token.label else ""
    next_step = (
        f"The next token was made already, but {product.name} does not use it yet. Paste it in {product.name}, at "
        f"{product.token}. If nobody has it any more, make another one here:"
        if successor
        else f"Make the next token here, and paste it in {product.name}, at {product.token}:"
    )
    return f"A token of {directory.name} ends in {left}", (
        f"The token{label} by which {product.name} pushes people of {directory.organization.name} into the directory "
        f"{directory.name} ends on {shown_day(token.expires_at)}, in {left}. From then on nothing arrives: nobody is "
        "added, and nobody who leaves is deactivated.\n\n"
        f"{next_step}\n\n{address}\n\n"
        "Both work side by side; the old one closes by itself a day after the new one was first used.\n"
    )


def stopped_letter(signs: Signs, cause: str, address: str) -> tuple[str, str]:
    """A directory that worked has stopped; `cause` is the name of a `Cause`."""
    directory, product = signs.directory, signs.product
    hours = (signs.now - (signs.last_request_at or signs.now)) // HOUR
    why = {
        "NO_TOKEN": (
            f"No token is alive any more, so nothing can arrive. Make one, and paste it in {product.name}, at "
            f"{product.token}."
        ),
        "WRONG_TOKEN": (
            f"Every request of the last 24 hours ({signs.day(0)['unauthenticated']}) came without a living token of "
            f"this directory. An old token may still stand in {product.name}, at {product.token}."
        ),
        "SILENCE": (
            f"No request came for {hours} hours, though {product.name} asks every few hours while provisioning is on. "
            "Look there whether it is on, or in quarantine."
        ),
    }[cause]
    return f"{directory.name} has stopped: nothing arrives", (
        f"The directory {directory.name} of {directory.organization.name} worked, and does not any more. {why}\n\n"
        "Until it works again nobody is added, and nobody who leaves is deactivated. See what is known:\n\n"
        f"{address}\n\nThis is told once, and again only after it has worked.\n"
    )


def shown_day(at: int) -> str:
    """A day in words, in UTC."""
    day = datetime.fromtimestamp(at / 1_000_000, UTC)
    return f"{day.day} {day:%B %Y} (UTC)"
