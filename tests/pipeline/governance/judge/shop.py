"""A small shop whose products are like each other in ways that can be learned."""

import numpy as np

THINGS = {
    "cable": ("Patch cable", "A shielded patch cable for your network", "Networking", 8),
    "toner": ("Toner cartridge", "An original toner cartridge for laser printers", "Printing", 70),
    "lamp": ("Desk lamp", "A bright desk lamp with a heavy foot", "Lighting", 30)}
BRANDS = ("Acme", "Bolt", "Crane", "Delta Lux")
COLOURS = ("Black", "White", "Red", "Blue")


def products(count, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        noun, description, category, price = list(THINGS.values())[int(rng.integers(3))]
        brand, colour = BRANDS[int(rng.integers(4))], COLOURS[int(rng.integers(4))]
        length = int(rng.integers(1, 30))
        rows.append({
            "product_id": f"p{number}",
            "title": f"{brand} {noun} {length} m {colour}",
            "description": f"{description}, {length} m long, in {colour.lower()}",
            "brand": brand, "category": category,
            "price": round(price * float(rng.uniform(0.8, 1.2))) - 0.05,
            "attributes": {
                "colour": colour, "length": float(length), "kind": noun.lower(),
                "in_stock": bool(rng.integers(2))}})
    return rows
