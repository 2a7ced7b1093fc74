# Builds sources of the paper's time: GCC 7 and binutils 2.30. GCC 10 and later build no Linux before 5.7 that boots
# (setup/build/kernel/kernel-package.ts). This file is part of the image's name: what changes here is another image.
ARG BASE=ubuntu:18.04
FROM ${BASE}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    bc bison build-essential cpio flex git kmod libelf-dev libfdt-dev libglib2.0-dev libpixman-1-dev libssl-dev ninja-build \
    openssl pkg-config python python3 rsync xz-utils zlib1g-dev && rm -rf /var/lib/apt/lists/*
