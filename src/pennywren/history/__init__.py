"""Reading a product's past: step functions, granularities, and the answer."""
