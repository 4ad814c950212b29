"""Weights that ship with vdup, as safetensors, with their model cards."""
