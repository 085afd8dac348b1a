"""What our JSON says, field by field: read from requests, shown in answers."""
