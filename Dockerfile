# The image of ipvs-agent: what it needs at run time and nothing else, no shell among it. The same file builds for
# every platform:  docker build --platform linux/arm64 -t ipvs-agent .
# The list of what is in it (SPDX) is in the image, and alone:  docker build --target sbom --output type=local,dest=. .

FROM debian:bookworm-slim AS build
RUN apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
       g++ cmake ninja-build ccache pkg-config jq \
       libcpprest-dev libboost-system-dev libssl-dev zlib1g-dev nlohmann-json3-dev \
       libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libnl-nf-3-dev libipset-dev \
       prometheus-cpp-dev libmicrohttpd-dev libcli11-dev libyaml-cpp-dev libspdlog-dev \
       iptables kmod netbase ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY base base
COPY netconf netconf
COPY ipvs ipvs
COPY watchers watchers
COPY cli cli
COPY agent agent
ARG JOBS=
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release -DIPVS_AGENT_TESTS=OFF -DCMAKE_CXX_FLAGS_RELEASE=-O2 \
    && cmake --build --preset release --target ipvs-agent -j "${JOBS:-$(nproc)}"
COPY deploy/image deploy/image
ARG VERSION=0.1.0
ARG CREATED=1970-01-01T00:00:00Z
RUN deploy/image/collect build/release/agent/ipvs-agent /image \
    && deploy/image/sbom /image "$VERSION" "$CREATED" >/ipvs-agent.spdx.json \
    && install -D -m 644 /ipvs-agent.spdx.json /image/usr/share/sbom/ipvs-agent.spdx.json

FROM scratch AS sbom
COPY --from=build /ipvs-agent.spdx.json /

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="ipvs-agent" \
      org.opencontainers.image.description="Node agent that keeps IPVS in step with Kubernetes Services" \
      org.opencontainers.image.licenses="GPL-2.0-or-later" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="debian:bookworm-slim"
COPY --from=build /image/ /
ENV PATH=/usr/sbin:/usr/bin
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/sbin/ipvs-agent"]
