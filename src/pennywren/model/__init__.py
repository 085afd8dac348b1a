"""The words of the field as plain values: no I/O, no clock, no settings."""
