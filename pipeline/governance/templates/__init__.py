"""The page that governance writes."""
