"""A product: its page, its history, its pictures and proofs, and the wish to follow it."""
