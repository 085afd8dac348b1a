"""Pages as text: templates, what they stand on, and what is rendered once for all who look."""
