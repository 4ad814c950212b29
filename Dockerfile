# vdup with its commands. PyTorch's own choice for Linux brings several GB of CUDA libraries; to do without them, build
# with the address of PyTorch's index of CPU wheels (see pytorch.org, "Get started"):
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=ADDRESS vdup
FROM python:3.11-slim

ARG PIP_EXTRA_INDEX_URL=""

# The sources are mounted for the build only: what runs is the installed package.
RUN --mount=type=bind,source=.,target=/source,rw \
    pip install --no-cache-dir /source

# Volumes take over owner and permissions of the folders they are mounted on.
ARG UID=1000
RUN useradd --create-home --uid "$UID" vdup \
    && install --directory --owner=vdup /library /videos

# Run logs go to outputs/ below this folder.
USER vdup
WORKDIR /home/vdup
CMD ["python", "-m", "vdup.index", "--help"]
