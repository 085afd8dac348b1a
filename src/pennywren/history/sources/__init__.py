"""Price histories from elsewhere, read into step functions: one format a module."""
