"""Mean-pooled video descriptors in Qdrant."""
