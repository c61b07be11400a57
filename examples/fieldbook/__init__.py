"""Fieldbook: notes on visits to field sites. A small product that lets its customers' people in by Hallway."""
