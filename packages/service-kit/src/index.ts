export { blockedPorts, CalledUrl, ServiceUrl } from './address.ts';
export type {
  Answer,
  Handler,
  Handlers,
  HttpAnswer,
  HttpRequest,
  ProblemAnswer,
  Reading,
  ServerEvent,
  StreamAnswer,
  Work,
} from './answer.ts';
export {
  createServiceApp,
  type ServiceApp,
  type ServiceAppOptions,
} from './app.ts';
export {
  type Annotate,
  type Asked,
  type Attempt,
  type Client,
  createClient,
  createClientOver,
  type Propagate,
  type ReadOptions,
  type ReadReply,
  type Travelling,
} from './client.ts';
export { createDocsRouter } from './docs-page.ts';
export {
  findConnectionLimit,
  findFaultsFile,
  loopback,
  readEnv,
  readServiceEnv,
  type ServiceEnv,
  toStandbyOrder,
} from './env.ts';
export type { EventsOptions, StreamedEvent } from './event-source.ts';
export { createFence, type Fence, type UndoVerdict, type Verdict } from './fence.ts';
export type { Readiness } from './health-routes.ts';
export type { Delivery, InterceptedCall, Interceptor } from './interceptor.ts';
export { createLocalClient, createLocalTransport } from './local-client.ts';
export { guardLoop } from './loop-guard.ts';
export { type MountSurroundings, mount, mountRoutes } from './mount.ts';
export { type OpenApiDocument, toOpenApi } from './openapi.ts';
export { createOperatorCheck, hasToken } from './operator-check.ts';
export { createOrchestratorClient, type OrchestratorClient } from './orchestrator-client.ts';
export { type Page, readPage } from './page.ts';
export {
  type Participant,
  type ParticipantOptions,
  type ParticipantProgram,
  runParticipant,
  type Saboteur,
  type SaboteurOptions,
} from './participant.ts';
export { type Exchange, type RawResponse, type Reply, toReply } from './reply.ts';
export { createRoutes, type Route } from './route.ts';
export { type Running, type RunOptions, runService } from './run.ts';
export { StartupProblem, startProgram } from './startup-problem.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
export { type Call, createHttpTransport, type HttpOptions, type Transport } from './transport.ts';
