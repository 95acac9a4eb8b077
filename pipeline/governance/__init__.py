"""What is wrong with a shop's tables, what was done about it, and why."""
