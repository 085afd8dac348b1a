"""PostgreSQL: the durable truth of people, subscriptions, alerts and the catalogue."""
