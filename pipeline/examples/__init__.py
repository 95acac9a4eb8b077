"""From tables to (context, product) examples: joins, the split, queries, popularity, contexts."""
