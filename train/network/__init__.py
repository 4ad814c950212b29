"""The part of the model that learns, and what it is told to learn."""
