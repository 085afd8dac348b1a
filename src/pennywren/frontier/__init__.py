"""Who is crawled next: values, learned rates, due times, leases and egress tokens."""
