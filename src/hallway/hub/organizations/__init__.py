"""Organizations: the tenants, their plan and what it unlocks."""
