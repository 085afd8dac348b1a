"""What ops run with RQ: one thin job per file. Nothing in `src` imports this package."""
