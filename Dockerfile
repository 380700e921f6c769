# The program as a container: a daemon by default, any other command by name.
#
#   docker build -t image-inventory .
#   docker run --read-only -v inventory:/data -e CLOUDFLARE_ACCOUNT_ID -e CLOUDFLARE_API_TOKEN image-inventory

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install script is needed: better-sqlite3 ships its binaries, and Node is the image's own.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:26-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="image-inventory" \
      org.opencontainers.image.description="Mirrors the inventory of a Cloudflare Images account into SQLite" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
ENV NODE_ENV=production \
    IMAGE_INVENTORY_DB=/data/inventory.db \
    IMAGE_INVENTORY_HTTP_HOST=0.0.0.0 \
    IMAGE_INVENTORY_HTTP_PORT=9464 \
    SQLITE_TMPDIR=/data
WORKDIR /app
COPY package.json package-lock.json ./
# "optional" is TypeScript alone, as what valibot can be used with.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY migrations ./migrations
COPY config ./config
# A fixed uid, so that the right to write a volume can be given to it from outside.
RUN groupadd --gid 10001 inventory \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin inventory \
 && mkdir /data \
 && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
# Health, metrics and the page of the daemon.
EXPOSE 9464
# Whether the process works, not whether the inventory is recent: Swarm and the like replace a container that
# is unhealthy, and no restart mends a refused token or a spent quota. Age is told by /readyz, by
# `status --max-age` and by the metrics. A large run that is published may keep the process busy for seconds.
# Commands other than the daemon serve nothing; give them --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=5 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.IMAGE_INVENTORY_HTTP_PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["daemon"]
