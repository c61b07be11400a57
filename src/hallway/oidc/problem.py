"""Why something of a provider is refused: a closed set of codes, each with a heading in the docs."""

from typing import Final

CODES: Final = {
    "too_large": "The message is larger than is taken.",
    "not_json": "The message is not a JSON object.",
    "duplicate_member": "A member of the message stands there twice.",
    "wrong_shape": "The message is not put together as OpenID Connect demands.",
    "wrong_status": "The provider did not answer with what was asked for.",
    "wrong_issuer": "The message is from another provider.",
    "wrong_endpoint": "An address in the provider's configuration cannot be used.",
    "no_code_flow": "The provider does not offer sign-in by authorization code.",
    "no_pkce": "The provider says that it does not take PKCE with S256.",
    "no_usable_algorithm": "The provider signs with no algorithm that is taken.",
    "no_usable_key": "The provider publishes no key that can be trusted.",
    "wrong_parameters": "The answer has a parameter twice, or parameters that exclude each other.",
    "wrong_state": "The answer belongs to no sign-in that was begun in this browser.",
    "access_denied": "The person or the provider declined the sign-in.",
    "interaction_required": "The provider wants to ask the person something first.",
    "provider_refused": "The provider answers that the sign-in failed.",
    "client_refused": "The provider does not know this client, or not by this secret.",
    "code_refused": "The provider does not take the authorization code.",
    "token_refused": "The provider gives no token.",
    "no_id_token": "The provider gives no ID token.",
    "not_a_token": "This is not a signed token.",
    "encrypted_token": "The token is encrypted, which is not taken.",
    "wrong_type": "The token is of another kind.",
    "wrong_algorithm": "The token is signed with an algorithm that is not taken.",
    "foreign_key": "The token brings its own key.",
    "critical_header": "The token demands something that we do not know.",
    "unknown_key": "The token names a key that the provider does not publish.",
    "wrong_signature": "The token was not signed with a key of the provider, or was changed.",
    "wrong_audience": "The token was meant for someone else.",
    "wrong_party": "The token was issued to someone else.",
    "too_late": "The token is not valid any more.",
    "too_early": "The token is not valid yet.",
    "wrong_instant": "An instant in the message is none.",
    "wrong_nonce": "The token answers another sign-in.",
    "wrong_hash": "The token belongs to another access token or code.",
    "not_fresh": "The sign-in that the token tells of is older than was asked for.",
    "wrong_subject": "The message does not say who it is about, or it is about someone else.",
    "wrong_tenant": "The token is from another tenant of the provider.",
    "wrong_hosted_domain": "The account belongs to another domain at the provider.",
    "wrong_logout": "The token does not ask for a logout.",
}
"""Every code. `docs/reference/oidc-problems.md` has a heading for each."""


class OidcProblem(Exception):
    """What is refused: `code` for programs, what was expected and what came for the administrator.

    `received` may hold what a stranger wrote: it is shown, never acted on. It never holds a secret of ours.
    """

    def __init__(self, code: str, expected: str = "", received: str = "") -> None:
        super().__init__(CODES[code])
        self.code = code
        self.expected = expected[:2000]
        self.received = received[:2000]
