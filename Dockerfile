# One image for all five apps; APP says which one a container runs. Nothing is built: Node runs TypeScript as it is.
FROM node:26.10.0-slim AS dependencies
WORKDIR /baton
COPY package.json package-lock.json .npmrc ./
COPY apps/orchestrator/package.json apps/orchestrator/
COPY apps/order-service/package.json apps/order-service/
COPY apps/inventory-service/package.json apps/inventory-service/
COPY apps/payment-service/package.json apps/payment-service/
COPY apps/notification-service/package.json apps/notification-service/
COPY packages/contracts/package.json packages/contracts/
COPY packages/faults/package.json packages/faults/
COPY packages/saga/package.json packages/saga/
COPY packages/service-kit/package.json packages/service-kit/
COPY packages/sqlite/package.json packages/sqlite/
COPY packages/telemetry/package.json packages/telemetry/
COPY e2e/package.json e2e/
COPY bench/package.json bench/
# What the apps need and no more: neither the tests' tools nor a second Node.
RUN npm ci --omit=dev --no-audit --no-fund \
  --workspace=apps/orchestrator --workspace=apps/order-service --workspace=apps/inventory-service \
  --workspace=apps/payment-service --workspace=apps/notification-service

FROM node:26.10.0-slim
WORKDIR /baton
COPY --from=dependencies /baton/node_modules node_modules
COPY package.json ./
COPY packages packages
COPY apps apps
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
