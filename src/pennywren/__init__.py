"""Pennywren follows prices on Amazon marketplaces and tells people when one drops."""

__version__ = "0.1.0"
