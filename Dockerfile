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
    SQLITE_TMPDIR=/data
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
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
# The default schedule is hourly: three hours without a complete run are two runs missed.
HEALTHCHECK --interval=5m --timeout=30s --start-period=2h \
  CMD ["node", "/app/dist/cli/main.js", "status", "--max-age", "3h"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["daemon"]
