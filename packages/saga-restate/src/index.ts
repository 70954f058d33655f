export { createDrainingEngine } from './draining-engine.ts';
export { type ClusterOptions, createLink, register } from './endpoint.ts';
export type { ClusterLink } from './replica.ts';
export { createRestateEngine } from './restate-engine.ts';
export { toSubmitted } from './submitted.ts';
