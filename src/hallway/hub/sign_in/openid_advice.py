"""The same for OpenID Connect: why a sign-in was refused, and which side changes what."""

from typing import Final

from hallway.hub.connections.model import Protocol
from hallway.hub.directories.phrase import said
from hallway.hub.sign_in.advice import ADVICE, CLOCK, NOTHING, REFUSED, UNKNOWN, Advice, Side

_BROKEN: Final = said(
    "What your provider sends is not as OpenID Connect has it. Try again; if it repeats, show its support the code."
)
_ISSUER: Final = said(
    "Compare the issuer here with what the provider's configuration says, letter by letter, a "
    "slash at its end included."
)
_SETUP: Final = said("Your provider's configuration does not fit. Look at the application there, or ask its support.")
_KEYS: Final = said("We read the provider's keys again by ourselves. If it repeats, set the issuer here once more.")
_AGAIN: Final = said("Try again from the start, in the same browser.")
_CLIENT: Final = said("Compare the client ID and make a new client secret there; enter both here again.")
_CODE: Final = said("Compare the redirect URI there with ours, exactly as it stands here, and try again.")
_ALG: Final = said("Let your provider sign ID tokens with RS256 or ES256, unencrypted, with a key that it publishes.")
_FRESH: Final = said(
    "Let your provider ask for the credentials again where we demand it (max_age), and send auth_time."
)
_TENANT: Final = said("The account is of another tenant or domain at the provider than this connection takes.")

OPENID_ADVICE: Final[dict[str, Advice]] = {
    "too_large": Advice(said("The message is larger than is taken."), Side.PROVIDER, _BROKEN),
    "not_json": Advice(said("The message is not a JSON object."), Side.PROVIDER, _BROKEN),
    "duplicate_member": Advice(said("A member of the message stands there twice."), Side.PROVIDER, _BROKEN),
    "wrong_shape": Advice(said("The message is not put together as OpenID Connect demands."), Side.PROVIDER, _BROKEN),
    "wrong_status": Advice(said("The provider did not answer with what was asked for."), Side.PROVIDER, _BROKEN),
    "wrong_issuer": Advice(said("The message is from another provider."), Side.BOTH, _ISSUER),
    "wrong_endpoint": Advice(said("An address in the provider's configuration cannot be used."), Side.PROVIDER, _SETUP),
    "no_code_flow": Advice(said("The provider does not offer sign-in by authorization code."), Side.PROVIDER, _SETUP),
    "no_pkce": Advice(said("The provider says that it does not take PKCE with S256."), Side.PROVIDER, _SETUP),
    "no_usable_algorithm": Advice(said("The provider signs with no algorithm that is taken."), Side.PROVIDER, _ALG),
    "no_usable_key": Advice(said("The provider publishes no key that can be trusted."), Side.NOBODY, _KEYS),
    "wrong_parameters": Advice(
        said("The answer has a parameter twice, or parameters that exclude each other."), Side.PROVIDER, _BROKEN
    ),
    "wrong_state": Advice(
        said("The answer belongs to no sign-in that was begun in this browser."), Side.PERSON, _AGAIN
    ),
    "access_denied": Advice(said("The person or the provider declined the sign-in."), Side.PROVIDER, REFUSED),
    "interaction_required": Advice(said("The provider wants to ask the person something first."), Side.PERSON, _AGAIN),
    "provider_refused": Advice(said("The provider answers that the sign-in failed."), Side.PROVIDER, REFUSED),
    "client_refused": Advice(
        said("The provider does not know this client, or not by this secret."), Side.BOTH, _CLIENT
    ),
    "code_refused": Advice(said("The provider does not take the authorization code."), Side.PROVIDER, _CODE),
    "token_refused": Advice(said("The provider gives no token."), Side.PROVIDER, _CODE),
    "no_id_token": Advice(said("The provider gives no ID token."), Side.PROVIDER, _SETUP),
    "not_a_token": Advice(said("This is not a signed token."), Side.PROVIDER, _BROKEN),
    "encrypted_token": Advice(said("The token is encrypted, which is not taken."), Side.PROVIDER, _ALG),
    "wrong_type": Advice(said("The token is of another kind."), Side.PROVIDER, _BROKEN),
    "wrong_algorithm": Advice(said("The token is signed with an algorithm that is not taken."), Side.PROVIDER, _ALG),
    "foreign_key": Advice(said("The token brings its own key."), Side.NOBODY, NOTHING),
    "critical_header": Advice(said("The token demands something that we do not know."), Side.PROVIDER, _ALG),
    "unknown_key": Advice(said("The token names a key that the provider does not publish."), Side.NOBODY, _KEYS),
    "wrong_signature": Advice(
        said("The token was not signed with a key of the provider, or was changed."), Side.NOBODY, NOTHING
    ),
    "wrong_audience": Advice(said("The token was meant for someone else."), Side.BOTH, _CLIENT),
    "wrong_party": Advice(said("The token was issued to someone else."), Side.BOTH, _CLIENT),
    "too_late": Advice(said("The token is not valid any more."), Side.PROVIDER, CLOCK),
    "too_early": Advice(said("The token is not valid yet."), Side.PROVIDER, CLOCK),
    "wrong_instant": Advice(said("An instant in the message is none."), Side.PROVIDER, _BROKEN),
    "wrong_nonce": Advice(said("The token answers another sign-in."), Side.PERSON, _AGAIN),
    "wrong_hash": Advice(said("The token belongs to another access token or code."), Side.NOBODY, NOTHING),
    "not_fresh": Advice(
        said("The sign-in that the token tells of is older than was asked for."), Side.PROVIDER, _FRESH
    ),
    "wrong_subject": Advice(
        said("The message does not say who it is about, or it is about someone else."), Side.PROVIDER, _BROKEN
    ),
    "wrong_tenant": Advice(said("The token is from another tenant of the provider."), Side.PERSON, _TENANT),
    "wrong_hosted_domain": Advice(said("The account belongs to another domain at the provider."), Side.PERSON, _TENANT),
    "wrong_logout": Advice(said("The token does not ask for a logout."), Side.PROVIDER, _BROKEN),
}
"""One line for every code of `hallway.oidc.problem`."""


def advice_of(code: str, protocol: Protocol | None) -> Advice:
    """What to do about a code; some mean another thing in each protocol. None where the connection is gone."""
    own = OPENID_ADVICE if protocol is Protocol.OIDC else ADVICE
    return own.get(code) or ADVICE.get(code) or OPENID_ADVICE.get(code, UNKNOWN)
