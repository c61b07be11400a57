"""Why a request of an application is refused (RFC 6749 §4.1.2.1, §5.2): a closed set of codes, each in the docs."""

from dataclasses import dataclass
from typing import Final

ERRORS: Final = {
    "invalid_request": "A parameter is missing, stands twice, or has a value that cannot be.",
    "invalid_client": "The client is not known, or did not prove that it is the one it says.",
    "invalid_grant": "The code or refresh token is wrong, used, expired, of another client, or its grant has ended.",
    "unauthorized_client": "This client may not do this: its kind does not fit.",
    "unsupported_grant_type": "Another grant is asked for than code, refresh token or client credentials.",
    "unsupported_response_type": "Another answer is asked for than a code.",
    "invalid_scope": "A scope is asked for that this client does not have, or openid is missing.",
    "access_denied": "The person may not enter this application, or did not want to.",
    "login_required": "Nobody is signed in as was asked for, and no page may be shown.",
    "interaction_required": "The person has to choose or do something, and no page may be shown.",
    "account_selection_required": "The person has to say who she is, and no page may be shown.",
    "request_not_supported": "Request objects are not taken.",
    "request_uri_not_supported": "Request objects are not fetched.",
    "registration_not_supported": "Clients are registered by whoever runs the deployment.",
    "invalid_token": "The access token is wrong, expired, or its grant has ended.",
    "insufficient_scope": "The access token does not reach as far.",
    "temporarily_unavailable": "The database cannot take or answer this now.",
}
"""Every code. `docs/reference/oidc-provider.md` has a heading for each."""


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """Where an answer goes: an address of the client's own, and how. `mode` is `query` or `form_post`."""

    redirect_uri: str
    mode: str = "query"
    state: str | None = None


class OAuthProblem(Exception):
    """What is refused. `deliver_to` is there once client and address were checked: before that, nobody is sent
    anywhere, and the person reads why on a page of ours.
    """

    def __init__(self, error: str, description: str, deliver_to: ReturnTo | None = None) -> None:
        super().__init__(f"{error}: {description}")
        if error not in ERRORS:
            raise ValueError(f"no such code: {error}")
        self.error = error
        self.description = description
        self.deliver_to = deliver_to


def single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, without empty ones, which count as left out (RFC 6749 §3.1). One that stands twice refuses
    the request.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise OAuthProblem("invalid_request", f"The parameter {shown(name)} stands twice.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def shown(text: str) -> str:
    """What came, as a description may repeat it: its characters are limited (RFC 6749 §4.1.2.1)."""
    return "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\' else "?" for sign in text[:60])
