"""The pages of connections, and of the sign-ins through them."""
