"""The names of the slices; light, since the configuration checks against them."""

ALL = "all"

KINDS = ("kind:search", "kind:recommend")

HEAD, TORSO, TAIL = "head_product", "torso_product", "tail_product"
BANDS = (HEAD, TORSO, TAIL)

OF_THE_JOIN = ("new_shopper", "known_shopper", "short_query")
"""Slices that the join of the examples finds; the others are found by the evaluation."""

SLICES = (ALL, *KINDS, *BANDS, *OF_THE_JOIN)
