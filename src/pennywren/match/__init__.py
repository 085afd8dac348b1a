"""Finding whom a price change concerns: the watch index and the reader of the change streams."""
