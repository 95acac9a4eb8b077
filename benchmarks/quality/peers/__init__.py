"""What a shop gets without Emporium, from the same tables and for the same questions."""
