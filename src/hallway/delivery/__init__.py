"""Telling endpoints what happened: lanes, attempts, back-off, signatures."""
