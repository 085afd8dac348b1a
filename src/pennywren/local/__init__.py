"""A whole system on one machine: embedded Redis and PostgreSQL, a mailbox, a demo shop, and their supervisor."""
