"""The HTTP face: JSON for programs, HTML for people."""
