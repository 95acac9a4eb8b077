"""Answers requests: a model server, a client and batch runs over pushed SavedModels.

Knows SavedModels and protocols, not how the models were trained.
"""

from serving.errors import ServingError

__all__ = ["ServingError"]
