"""Weights that are computed and not trained: PCA whitening, rotation, the start of a refiner."""
