"""Hydra configuration files of vdup, installed as ``vdup.conf``."""
