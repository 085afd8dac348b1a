"""Web Push: notifications of a browser."""
