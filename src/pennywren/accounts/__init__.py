"""People: sign-in, sessions, and what they subscribe to."""
