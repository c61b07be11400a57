"""Mutants that no test can tell from the program, each with the reason."""

EQUIVALENT: dict[str, str] = {}
