"""Frames to real-valued descriptors: backbone, pooling, whitening."""
