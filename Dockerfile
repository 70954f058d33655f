# One image for all apps; APP says which one a container runs. Only the page is built: Node runs TypeScript as it is.
FROM node:26.10.0-slim AS manifests
WORKDIR /baton
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY packages packages
COPY e2e/package.json e2e/
COPY bench/package.json bench/
# Only these say what is installed: a change of anything else is no reason to install again.
RUN find apps packages -type f ! -name package.json -delete

FROM node:26.10.0-slim AS dependencies
WORKDIR /baton
COPY --from=manifests /baton ./
# What the apps need and no more: neither the tests' tools nor a second Node.
RUN npm ci --omit=dev --no-audit --no-fund --workspace=apps

FROM node:26.10.0-slim AS console
WORKDIR /baton
COPY --from=manifests /baton ./
RUN npm ci --no-audit --no-fund --workspace=@baton/console
COPY tsconfig.json ./
COPY packages packages
COPY apps/console apps/console
RUN node apps/console/build.ts

FROM node:26.10.0-slim
WORKDIR /baton
COPY --from=dependencies /baton/node_modules node_modules
COPY package.json ./
COPY packages packages
COPY apps apps
COPY --from=console /baton/apps/console/dist apps/console/dist
# A new volume takes the owner of the folder it is mounted on.
RUN mkdir -m 0700 /data && chown node:node /data
USER node
ENV NODE_ENV=production DATA_DIR=/data APP=orchestrator PORT=4000
VOLUME /data
# A standby that waits in good order has no port open yet; any other refusal, and any silence, is ill health.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["node", "-e", "\
  const end = (healthy) => process.exit(healthy ? 0 : 1); \
  fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then( \
    ({ ok }) => end(ok), \
    ({ cause }) => end(process.env.STANDBY === 'true' && cause?.code === 'ECONNREFUSED'))"]
# exec: the app is to get the signals itself.
CMD ["sh", "-c", "exec node apps/$APP/src/main.ts"]
