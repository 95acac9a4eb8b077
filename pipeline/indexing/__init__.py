"""Embeds the catalogue, builds the index, composes the SavedModel that is served."""
