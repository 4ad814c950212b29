"""Small grey movies: what changes in the picture, kept beside the codes to tell one moment from another."""
