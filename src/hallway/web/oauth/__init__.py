"""The provider's side of OpenID Connect: what applications ask of us, and what they are answered."""
