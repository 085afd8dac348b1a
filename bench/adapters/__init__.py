"""Ours behind the interfaces of the evaluators."""
