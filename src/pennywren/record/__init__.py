"""Writing what is believed: one script for the present, one for the past."""
