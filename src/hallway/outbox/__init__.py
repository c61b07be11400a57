"""Mail that a change promises, until it is delivered."""
