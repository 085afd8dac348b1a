"""A load as a million users of the extension make it."""
