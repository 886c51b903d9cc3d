# The image: the static binary that `make cross` built, alone. There is no compiler in here, so that what runs in a cluster is
# byte for byte what was tested and what anybody can build again. Build it by `make image`, which is buildx for all platforms.

# Distroless' static base has CA certificates, time zones and a passwd; no shell, no package manager. Give it by its digest.
ARG BASE=gcr.io/distroless/static:nonroot
FROM ${BASE}

ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Latchkey" \
      org.opencontainers.image.description="Users, roles and logins for the apps behind your Kubernetes ingress" \
      org.opencontainers.image.source="https://github.com/latchkey-auth/latchkey" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --chmod=0555 bin/latchkey-${TARGETOS}-${TARGETARCH} /latchkey
USER 65532:65532
ENTRYPOINT ["/latchkey"]
