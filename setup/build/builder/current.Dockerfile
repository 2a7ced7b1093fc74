# Builds current sources. This file is part of the image's name: what changes here is another image.
ARG BASE=debian:12
FROM ${BASE}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    bc bison build-essential cpio flex git kmod libelf-dev libfdt-dev libglib2.0-dev libpixman-1-dev libssl-dev ninja-build \
    openssl pkg-config python3 python3-venv rsync xz-utils zlib1g-dev zstd && rm -rf /var/lib/apt/lists/*
