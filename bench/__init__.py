"""Measures the Hub beside its peers and its floors, all over HTTP on 127.0.0.1: `python -m bench`."""
