"""Events in words: for the page of news, and for whoever finds her session ended."""

from hallway.client import Event


def said_of(event: Event) -> tuple[str, str]:
    """Whom an event is about, and what caused it."""
    after = event.member_after or event.member_before
    who = after.name or after.email if after else str(event.facts.get("name") or event.facts.get("userName") or "")
    actor = event.cause.actor
    if event.cause.directory is not None and actor.kind == "token":
        return who, f"directory, by {actor.name}" if actor.name else "directory"
    return who, f"{actor.kind.replace('_', ' ')} {actor.name}".strip()


def why_ended(event: Event) -> str:
    """Why a session ended: who did it, when, and what to do."""
    at = f"{event.at:%H:%M} UTC"
    if event.type == "member.signed_out":
        return "You signed out."
    if event.type == "member.sessions_ended":
        return f"An administrator ended your sessions at {at}. You may sign in again."
    by = "Your organization's directory" if event.cause.directory is not None else "An administrator"
    return f"{by} ended your access at {at}. Your notes are kept. If this surprises you, ask your own IT department."
