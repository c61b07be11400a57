"""What the door itself says to people: a title, a calm sentence, one thing to do."""

from dataclasses import dataclass, replace
from html import escape
from typing import Final

from hallway.client.problem import HubProblem, SignInRefused


@dataclass(frozen=True, slots=True)
class Notice:
    """One page. `code` is for support; `url` is where its one button leads."""

    status: int
    title: str
    sentence: str
    action: str = "Sign in again"
    url: str = "/"
    code: str = ""

    def saying(self, sentence: str) -> "Notice":
        """With another sentence."""
        return replace(self, sentence=sentence)

    def leading(self, url: str) -> "Notice":
        """With a button that leads somewhere."""
        return replace(self, url=url)


ENDED: Final = Notice(401, "Your session has ended", "Sign in again to go on.", code="session_ended")


def lost() -> Notice:
    """The browser came back with a sign-in that did not begin in it, or began too long ago."""
    said = "This sign-in did not begin in this browser, or it took longer than ten minutes."
    return Notice(400, "Sign in once more", said, code="no_attempt")


def refused(problem: SignInRefused) -> Notice:
    """Nobody signed in."""
    if problem.code in ("access_denied", "interaction_required"):
        return Notice(403, "You are not signed in", "The sign-in was not completed.", code=problem.code)
    return Notice(403, "You are not signed in", str(problem), code=problem.code)


def no_answer(problem: HubProblem) -> Notice:
    """The Hub cannot be asked now."""
    said = "The service that signs you in does not answer. Nothing was changed; try again in a minute."
    return Notice(503, "Sign-in is not possible now", said, "Try again", code=problem.code)


def plain(notice: Notice) -> bytes:
    """A page without any style of its own."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(notice.title)}</title><main><h1>{escape(notice.title)}</h1>"
        f"<p>{escape(notice.sentence)}</p>"
        f'<p><a href="{escape(notice.url)}">{escape(notice.action)}</a></p>'
        f"<p><small>{escape(notice.code)}</small></p></main></html>"
    ).encode()
