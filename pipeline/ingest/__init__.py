"""How do a shop's tables become TFX Examples, and which of their rows cannot be used?"""
