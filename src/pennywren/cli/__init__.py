"""The command line `pennywren`, one module for each group of commands."""
