"""What we say to people, and how: catalogues of sentences, and numbers, prices and dates as a language writes them."""
