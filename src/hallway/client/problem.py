"""What goes wrong between an application and its Hub: exceptions with a code for programs and a sentence for people."""

from typing import Final


class HubProblem(Exception):
    """Anything below; `code` is stable, the text is a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Final = code


class Unreachable(HubProblem):
    """The Hub did not answer, or answered with something that is no answer of a Hub. Try again later."""

    def __init__(self, sentence: str) -> None:
        super().__init__("unreachable", sentence)


class ApiProblem(HubProblem):
    """The Hub refuses (RFC 9457). `retry_after` in seconds, where the Hub says when it is worth trying again."""

    def __init__(self, status: int, code: str, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(code, sentence)
        self.status: Final = status
        self.retry_after: Final = retry_after

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in (408, 425, 429) or self.status >= 500


class CursorExpired(ApiProblem):
    """The cursor is of another epoch, or older than the Hub keeps: begin again with a snapshot."""


class SignInRefused(HubProblem):
    """Nobody signed in. `code` is one of `hallway.oidc.problem.CODES`; the details are for administrators."""

    def __init__(self, code: str, sentence: str, expected: str = "", received: str = "") -> None:
        super().__init__(code, sentence)
        self.expected: Final = expected
        self.received: Final = received


class WebhookRefused(HubProblem):
    """A message that does not come from the Hub, or not now: answer it with 400 or 401, and change nothing."""
