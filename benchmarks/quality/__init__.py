"""How well does the default configuration rank, beside what a shop gets without it?"""
