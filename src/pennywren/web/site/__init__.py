"""The installation itself: its status, its figures, its description for programs, its administration."""
