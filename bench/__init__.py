"""What prints the figures that Pennywren promises, beside peers, in one run: `make bench`."""
