"""Redis: connections, scripts, and the only place that knows how a product's history is kept."""
