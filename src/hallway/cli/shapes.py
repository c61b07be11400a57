"""What commands print, as JSON values."""

from datetime import UTC, datetime

import orjson

from hallway.accounts.model import Account
from hallway.delivery.model import Endpoint
from hallway.hub.applications.api_keys import ApiKey
from hallway.hub.applications.model import Application, ClientSecret
from hallway.hub.connections.addresses import (
    acs_url,
    backchannel_logout_url,
    entity_id,
    jwks_url,
    login_url,
    logout_url,
    metadata_url,
    redirect_uri,
)
from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.connections.trusted import fingerprint
from hallway.hub.directories.model import Directory, Standing, Token
from hallway.hub.events.streams import Stream
from hallway.hub.operators.model import Operator
from hallway.hub.organizations.domains import Domain
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization
from hallway.hub.setup.model import SetupLink
from hallway.hub.sign_in.model import Attempt
from hallway.hub.sign_in.openid_advice import advice_of
from hallway.ids import (
    ACCOUNT,
    API_KEY,
    ATTEMPT,
    CLIENT_SECRET,
    CONNECTION,
    DIRECTORY,
    ENDPOINT,
    MEMBER,
    ORGANIZATION,
    SETUP_LINK,
    STREAM,
    TOKEN,
    wire,
)
from hallway.scim.json import Json, JsonObject
from hallway.settings import Settings


def instant(at: int | None) -> str | None:
    """An instant for people and programs."""
    return None if at is None else datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="seconds")


def organization_shape(one: Organization) -> JsonObject:
    """An organization."""
    return {
        "id": wire(ORGANIZATION, one.id),
        "name": one.name,
        "external_id": one.external_id,
        "plan": one.plan.value,
        "state": one.state.value,
        "created_at": instant(one.created_at),
    }


def directory_shape(one: Directory, settings: Settings, standing: Standing | None = None) -> JsonObject:
    """A directory; its base URL is what the other side is given."""
    rules = one.rules
    shape: JsonObject = {
        "id": wire(DIRECTORY, one.id),
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "name": one.name,
        "provider": one.provider.value,
        "state": one.state.value,
        "base_url": f"{settings.scim_base_url}/scim/{wire(DIRECTORY, one.id)}/v2",
        "extra_base_url": f"{settings.scim_base_url}{one.base_path}" if one.base_path else None,
        "created_at": instant(one.created_at),
        "rules": {
            "strict": rules.strict,
            "user_name_is_email": rules.user_name_is_email,
            "immutable": list(rules.immutable),
            "delete_deactivates": rules.delete_deactivates,
            "restore_by_external_id": rules.restore_by_external_id,
            "group_names_unique": rules.group_names_unique,
            "group_patch_answers_resource": rules.group_patch_answers_resource,
            "quirks_on": [quirk.value for quirk in sorted(rules.quirks_on, key=lambda quirk: quirk.value)],
            "schemas": list(rules.schemas),
        },
    }
    if standing is not None:
        shape["users"] = standing.users
        shape["groups"] = standing.groups
        shape["last_request_at"] = instant(standing.last_request_at)
        shape["quirks"] = dict(standing.quirks)
        shape["reads"] = standing.reads
    return shape


def setup_link_shape(one: SetupLink, now: int) -> JsonObject:
    """A set-up link without its address."""
    return {
        "id": wire(SETUP_LINK, one.id),
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "label": one.label,
        "tasks": [task.value for task in one.tasks],
        "state": one.state(now).value,
        "email": one.email or None,
        "created_by": one.created_by,
        "created_at": instant(one.created_at),
        "expires_at": instant(one.expires_at),
        "opened_at": instant(one.opened_at),
        "completed_at": instant(one.completed_at),
        "revoked_at": instant(one.revoked_at),
    }


def token_shape(one: Token, now: int) -> JsonObject:
    """A token without its text."""
    state = "revoked" if one.revoked_at is not None else "alive" if one.is_alive(now) else "expired"
    return {
        "id": wire(TOKEN, one.id),
        "directory_id": wire(DIRECTORY, one.directory_id),
        "label": one.label,
        "state": state,
        "imported": one.imported,
        "created_at": instant(one.created_at),
        "expires_at": instant(one.expires_at),
        "revoked_at": instant(one.revoked_at),
        "first_used_at": instant(one.first_used_at),
        "last_used_at": instant(one.last_used_at),
        "last_address": one.last_address,
        "last_client": one.last_client,
        "replaces": None if one.replaces is None else wire(TOKEN, one.replaces),
    }


def stream_shape(one: Stream, base_url: str) -> JsonObject:
    """A stream without its secret."""
    text = wire(STREAM, one.id)
    return {
        "id": text,
        "directory_id": wire(DIRECTORY, one.directory_id),
        "audience": one.audience,
        "url": f"{base_url}/streams/{text}/poll",
        "created_at": instant(one.created_at),
        "polled_at": instant(one.polled_at),
        "refused": one.refused,
        "last_error": one.last_error,
    }


def pushed_shape(one: Endpoint) -> JsonObject:
    """A stream that is pushed, without its authorization."""
    return {
        "id": wire(ENDPOINT, one.id),
        "directory_id": wire(DIRECTORY, one.belongs_to or b""),
        "audience": one.name,
        "url": one.url,
        "created_at": instant(one.created_at),
        "state": one.state.value,
        "reason": one.reason,
    }


def api_key_shape(one: ApiKey, now: int) -> JsonObject:
    """An API key without its text."""
    state = "revoked" if one.revoked_at is not None else "alive" if one.is_alive(now) else "expired"
    return {
        "id": wire(API_KEY, one.id),
        "name": one.name,
        "state": state,
        "scopes": list(one.scopes),
        "created_at": instant(one.created_at),
        "expires_at": instant(one.expires_at),
        "revoked_at": instant(one.revoked_at),
        "last_used_at": instant(one.last_used_at),
        "last_address": one.last_address,
    }


def member_shape(one: Member) -> JsonObject:
    """A member."""
    return {
        "id": wire(MEMBER, one.id),
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "email": one.email,
        "name": one.name,
        "role": one.role.value,
        "state": one.state.value,
        "source": one.source.value,
        "directory_id": None if one.directory_id is None else wire(DIRECTORY, one.directory_id),
        "created_at": instant(one.created_at),
        "joined_at": instant(one.joined_at),
        "ended_at": instant(one.ended_at),
    }


def domain_shape(one: Domain) -> JsonObject:
    """A domain, with the record that proves it."""
    return {
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "name": one.name,
        "state": one.state.value,
        "finding": one.finding.value or None,
        "development": one.development,
        "record": {"name": one.record_name, "type": "TXT", "value": one.record_value},
        "proved_at": instant(one.proved_at),
        "checked_at": instant(one.checked_at),
        "failing_since": instant(one.failing_since),
    }


def operator_shape(one: Operator, account: Account) -> JsonObject:
    """An operator, with what her account says."""
    return {
        "id": wire(ACCOUNT, one.account_id),
        "email": account.email,
        "name": account.name,
        "role": one.role.value,
        "state": one.state.value,
        "created_at": instant(one.created_at),
    }


def connection_shape(one: Connection, base_url: str) -> JsonObject:
    """A connection, with what its provider is given."""
    saml = one.protocol is Protocol.SAML
    keys: list[Json] = [
        {
            "fingerprint": fingerprint(key.certificate),
            "state": key.state.value,
            "expires_at": instant(key.expires_at),
            "missing_since": instant(key.missing_since),
        }
        for key in one.saml.keys
    ]
    return {
        "id": wire(CONNECTION, one.id),
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "name": one.name,
        "protocol": one.protocol.value,
        "provider": one.provider.value,
        "state": one.state.value,
        "is_default": one.is_default,
        "domains": list(one.domains),
        "allow_idp_initiated": one.allow_idp_initiated,
        "just_in_time": one.just_in_time,
        "created_at": instant(one.created_at),
        "tested_at": instant(one.tested_at),
        "last_sign_in_at": instant(one.last_sign_in_at),
        "entity_id": entity_id(base_url, one) if saml else None,
        "acs_url": acs_url(base_url, one) if saml else None,
        "metadata_url": metadata_url(base_url, one) if saml else None,
        "login_url": login_url(base_url, one),
        "redirect_uri": None if saml else redirect_uri(base_url, one),
        "post_logout_redirect_uri": None if saml else logout_url(base_url, one),
        "backchannel_logout_uri": None if saml else backchannel_logout_url(base_url, one),
        "client_auth": None if saml else one.oidc.authentication,
        "jwks_uri": jwks_url(base_url, one) if one.oidc.own_public else None,
        "provider_entity_id": one.saml.idp_entity_id or one.oidc.issuer or None,
        "keys": keys,
    }


def attempt_shape(one: Attempt, protocol: Protocol | None) -> JsonObject:
    """A sign-in by a connection of this protocol; `detail` is empty in lists."""
    advice = advice_of(one.code, protocol) if one.code else None
    return {
        "id": wire(ATTEMPT, one.id),
        "connection_id": wire(CONNECTION, one.connection_id),
        "at": instant(one.at),
        "kind": one.kind.value,
        "outcome": one.outcome.value,
        "who": one.who,
        "member_id": wire(MEMBER, one.member_id) if one.member_id else None,
        "code": one.code or None,
        "sentence": str(advice.sentence) if advice else None,
        "side": advice.side.value if advice else None,
        "remedy": str(advice.remedy) if advice else None,
        "detail": one.detail,
    }


def application_shape(one: Application) -> JsonObject:
    """An application, without its secrets."""
    keys: Json = orjson.loads(one.jwks) if one.jwks else None
    return {
        "id": one.client_id,
        "name": one.name,
        "kind": one.kind.value,
        "state": one.state.value,
        "redirect_uris": list(one.addresses.redirect_uris),
        "post_logout_uris": list(one.addresses.post_logout_uris),
        "logout_uri": one.addresses.logout_uri or None,
        "setup_return_uris": list(one.addresses.setup_return_uris),
        "algorithm": one.algorithm,
        "jwks": keys,
        "scopes": list(one.scopes),
        "required": list(one.required),
        "created_at": instant(one.created_at),
    }


def client_secret_shape(one: ClientSecret) -> JsonObject:
    """A secret, without its text."""
    return {
        "id": wire(CLIENT_SECRET, one.id),
        "created_at": instant(one.created_at),
        "expires_at": instant(one.expires_at),
        "last_used_at": instant(one.last_used_at),
    }
