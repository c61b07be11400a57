"""What a client asks of the token endpoint (RFC 6749 §4.1.3, §4.4, §6; RFC 7636 §4.6)."""

import hmac
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from hallway.oidc.authorization import code_challenge
from hallway.oidc.oauth_problem import OAuthProblem

GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """A code for tokens."""

    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refreshing:
    """A refresh token for the next tokens; `scopes` narrows, None for as far as before."""

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MachineAccess:
    """An access token for the client itself."""

    scopes: tuple[str, ...] | None = None


TokenRequest: TypeAlias = CodeExchange | Refreshing | MachineAccess


@dataclass(frozen=True, slots=True)
class Bound:
    """What a code is bound to."""

    client_id: str
    redirect_uri: str
    code_challenge: str = field(repr=False)


def token_request(form: dict[str, str]) -> TokenRequest:
    """What a form asks for. Raises `OAuthProblem`."""
    scopes = tuple(dict.fromkeys(form["scope"].split())) if "scope" in form else None
    match form.get("grant_type"):
        case "authorization_code":
            return CodeExchange(_needed(form, "code"), _needed(form, "redirect_uri"), form.get("code_verifier", ""))
        case "refresh_token":
            return Refreshing(_needed(form, "refresh_token"), scopes)
        case "client_credentials":
            return MachineAccess(scopes)
        case None:
            raise OAuthProblem("invalid_request", "The parameter grant_type is missing.")
        case _:
            raise OAuthProblem("unsupported_grant_type", f"The grant_type is one of {', '.join(GRANT_TYPES)}.")


def judge_exchange(exchange: CodeExchange, client_id: str, bound: Bound) -> None:
    """The code is this client's, for this address, and who has the verifier asked for it. Raises `OAuthProblem`."""
    if client_id != bound.client_id:
        raise OAuthProblem("invalid_grant", "The code is of another client.")
    if exchange.redirect_uri != bound.redirect_uri:
        raise OAuthProblem("invalid_grant", "The redirect_uri is not the one that the code was asked for with.")
    verifier = exchange.code_verifier
    fits = bool(_VERIFIER.fullmatch(verifier)) and hmac.compare_digest(code_challenge(verifier), bound.code_challenge)
    if not fits:
        raise OAuthProblem("invalid_grant", "The code_verifier does not fit the code_challenge.")


def narrowed(wanted: tuple[str, ...] | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of the next token: those of the grant, or fewer. Raises `OAuthProblem`."""
    if wanted is None:
        return granted
    if not wanted or not set(wanted) <= set(granted):
        raise OAuthProblem("invalid_scope", "A scope was asked for that is not in the grant.")
    return tuple(one for one in granted if one in wanted)


def _needed(form: dict[str, str], name: str) -> str:
    if name not in form:
        raise OAuthProblem("invalid_request", f"The parameter {name} is missing.")
    return form[name]
