"""Seeing a page: a polite fetch, and a careful reading."""
