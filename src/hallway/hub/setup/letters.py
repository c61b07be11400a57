"""What set-up links mail: subject and text. The words of a link's own label never stand in a subject."""

from hallway.hub.setup.model import SetupLink


def link_letter(organization: str, address: str, link: SetupLink) -> tuple[str, str]:
    """The link itself; `address` is where it leads."""
    days = max(1, round((link.expires_at - link.created_at) / 86_400_000_000))
    return f"Set up the connection of {organization}", (
        f"You are asked to connect {organization}'s directory or sign-in.\n\n"
        f"Open this address to see what there is to do:\n\n{address}\n\n"
        f"It works for {days} {'day' if days == 1 else 'days'}. When you open it, we mail a code to this address. "
        "If you did not expect it, do nothing.\n"
    )


def code_letter(organization: str, code: str) -> tuple[str, str]:
    """The code that opens a link which was mailed."""
    return f"Your code to set up {organization}", (
        f"Your code: {code[:4]} {code[4:]}\n\n"
        "Type it on the page that asks for it, within 10 minutes. If you did not ask for it, do nothing.\n"
    )


def told_letter(organization: str, link: SetupLink, what: str) -> tuple[str, str]:
    """What a link did, for an administrator; `what` goes on after "The set-up link"."""
    named = f' "{link.label}"' if link.label else ""
    return f"A set-up link of {organization} was used", (
        f"The set-up link{named} {what}.\n\n"
        "If nobody of yours did this, revoke the link and look at the journal: Settings, Audit.\n"
    )
