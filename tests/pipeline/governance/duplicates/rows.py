"""Rows of products that the tests compare."""


def product(product_id="p1", title="Oak desk with drawers", **columns):
    return {"product_id": product_id, "title": title, **columns}


CABLE = product(
    title="Acme HDMI cable 2 m black AX2040", brand="Acme", price=9.95,
    description="Gold plated plugs and a braided sleeve keep the picture sharp for years",
    attributes={"length": 2.0, "colour": "Black", "connector": "HDMI"})


def like(row, **changes):
    """A copy of a row with other columns; None takes one away."""
    changed = {**row, "product_id": "p2", **changes}
    return {name: value for name, value in changed.items() if value is not None}
