# Builds the artifact's memtier_benchmark, with the libraries of its time, which later releases no longer have. This file
# is part of the image's name: what changes here is another image.
ARG BASE=ubuntu:18.04
FROM ${BASE}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    autoconf automake build-essential libevent-dev libpcre3-dev pkg-config zlib1g-dev && rm -rf /var/lib/apt/lists/*
