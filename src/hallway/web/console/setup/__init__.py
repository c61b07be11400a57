"""Set-up links, as an organization's administrators make them."""
