"""Training of the weights that vdup ships or a user makes: PCA whitening, code rotation, score calibration."""
