"""Pictures of products from our own origin: read with care, made small, and kept on disk within a bound."""
