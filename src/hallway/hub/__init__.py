"""Hallway Hub: what runs beside the application."""
