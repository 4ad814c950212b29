"""decord brings CUDA's libraries in front of torch's own where it is loaded first; torch then crashes at a product of
matrices. Commands decode in processes without torch, but tests of both share one process.
"""

import torch  # noqa: F401 - before any test module loads decord
