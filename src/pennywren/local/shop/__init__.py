"""The demo shop: product pages of our own making, built like a marketplace's, whose prices move.

It stands in for the marketplaces in `pennywren demo` and in tests, and keeps a log of who asked for what, so that a
test can say whether we were polite.
"""
