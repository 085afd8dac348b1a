"""What belongs to whoever is signed in: the list of watches, the ways to be told, access, data."""
