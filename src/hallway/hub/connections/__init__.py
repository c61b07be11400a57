"""Connections: an organization's link to its identity provider, by SAML or by OpenID Connect."""
