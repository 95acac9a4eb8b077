"""What belongs with what: the shop as a graph of products, brands, categories and values."""
