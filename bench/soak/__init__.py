"""Let the whole system run for long, and see what grows: `make soak`."""
