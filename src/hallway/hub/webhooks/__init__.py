"""Webhooks: endpoints of the vendor's, what they are sent, and who looks after them."""
