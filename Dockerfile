# An image with Caddy and doors-caddy, and nothing else:
#
#     docker build --tag doors-caddy .
#     docker build --tag doors-caddy --build-arg XCADDY_ARGS='--with github.com/mholt/caddy-ratelimit' .
#
# The target `builder` is for a Dockerfile of your own that adds plugins: docs/building.md shows one.

FROM rust:1.95-slim-bookworm AS rust
FROM golang:1.26-bookworm AS go

FROM debian:bookworm-slim AS builder
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gcc git libc6-dev media-types pkg-config \
    && rm -rf /var/lib/apt/lists/*
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=go /usr/local/go /usr/local/go
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo
ENV PATH=/usr/local/cargo/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/root/go/pkg/mod \
    scripts/tools.sh && scripts/library.sh

FROM builder AS build
ARG XCADDY_ARGS=
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/root/go/pkg/mod \
    ./xcaddy.sh --static --output /image/usr/bin/caddy ${XCADDY_ARGS}
RUN install -D -m 644 deploy/image/Caddyfile /image/etc/caddy/Caddyfile \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -D -m 644 /etc/mime.types /image/etc/mime.types \
    && mkdir -p /owned/config /owned/data

FROM scratch
COPY --from=build /image /
# Caddy keeps its certificates in /data. A volume begins with the owner that the folder has here.
COPY --from=build --chown=65532:65532 /owned /
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data PATH=/usr/bin
WORKDIR /srv
# Docker lets every user listen on ports below 1024, since version 20.10.
USER 65532:65532
EXPOSE 80 443 443/udp 2019
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
