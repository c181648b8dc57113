# Patchmap in a container. `docker compose up` serves it behind TLS, beside its database: see compose.yaml.
# Libraries are those of the locks, checked by their hashes; a running container fetches nothing.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build

# What installs and builds: uv, hatchling, npm.
COPY requirements-setup.txt requirements-node.txt requirements.txt ./
RUN python3 -m venv tools \
 && tools/bin/python -m pip install -q --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-setup.txt \
 && tools/bin/uv pip install -q --no-cache --python tools/bin/python --require-hashes -r requirements-node.txt

# The libraries change less often than the code: they are a layer of their own.
RUN python3 -m venv --without-pip /opt/patchmap \
 && tools/bin/uv pip install -q --no-cache --python /opt/patchmap/bin/python --require-hashes --compile-bytecode -r requirements.txt

# The wheel carries the libraries of the pages, which npm fetches here by their lock.
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY .ci/build_front_end.py .ci/
COPY geo geo
COPY boundaries boundaries
COPY api api
RUN rm -rf api/static/node_modules \
 && PATH="/build/tools/bin:$PATH" tools/bin/python -m hatchling build -t wheel -d wheels \
 && tools/bin/uv pip install -q --no-cache --no-index --no-deps --python /opt/patchmap/bin/python wheels/*.whl


FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin patchmap \
 && install -d -o patchmap -g patchmap -m 0700 /data \
 && install -d -o patchmap -g patchmap -m 0755 /run/patchmap
COPY --from=build /opt/patchmap /opt/patchmap
ENV PATH=/opt/patchmap/bin:$PATH \
    PATCHMAP_STORE=/data/patchmap.gpkg \
    PATCHMAP_DATA_FOLDER=/data/gazetteer \
    NUMBA_CACHE_DIR=/data/.numba \
    PYTHONDONTWRITEBYTECODE=1
USER patchmap
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["patchmap"]
CMD ["serve", "--create"]
