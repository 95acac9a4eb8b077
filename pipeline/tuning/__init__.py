"""Tries training settings on a shop: TFX's Tuner in a pipeline of its own."""
