"""What goes around every request: who asks, from where, how much, in which form, and what went wrong."""
