"""Which parts of a text tell about a person, and what stands there instead?"""
