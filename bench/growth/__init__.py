"""How costs grow with the work, by decades: what grows is a module each, its plot stands in `bench/`."""
