# syntax=docker/dockerfile:1
# The server as one image: docker build --tag leadwright .
#
# OpenSSL, libpq and SQLite are built from source into the binary, so the second stage needs nothing but a C library and the
# world's certificates. It runs as a user without rights, keeps its data in /data and can run on a read-only file system.

FROM rust:1.88-bookworm AS build
WORKDIR /src
COPY . .
# Which commit this is: docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD)
ARG COMMIT
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    BUILD_COMMIT=$COMMIT cargo build --locked --release --features postgres-tls --bin leadwright \
    && cp target/release/leadwright /usr/local/bin/leadwright

FROM debian:bookworm-slim
RUN groupadd --gid 10001 leadwright \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin leadwright \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/bin/leadwright /usr/local/bin/leadwright
ENV LEADWRIGHT_BIND=0.0.0.0:8080 \
    LEADWRIGHT_DATABASE_URL=sqlite:///data/leadwright.db \
    LEADWRIGHT_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# It answers SIGTERM by finishing what runs; allow 60 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["leadwright", "health"]
ENTRYPOINT ["leadwright"]
CMD ["serve"]
