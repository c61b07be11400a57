"""The mails that directories send: subject and text."""

from datetime import UTC, datetime

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


def shown_day(at: int) -> str:
    """A day in words, in UTC."""
    day = datetime.fromtimestamp(at / 1_000_000, UTC)
    return f"{day.day} {day:%B %Y} (UTC)"
