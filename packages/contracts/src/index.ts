export {
  Alert,
  AlertDelivery,
  type AlertRule,
  alertOperations,
  alertRules,
  ParticipantState,
} from './alert.ts';
export { Audit, MoneyBooks, StockBooks, WrittenOff } from './audit.ts';
export {
  attemptHeader,
  effectKeyPattern,
  exampleEffectKey,
  incarnationHeader,
  isEffectKey,
  keyHeader,
  RunId,
  replayedHeader,
  runIdOfKey,
  stepOfKey,
} from './effect-key.ts';
export {
  Fault,
  type FaultKind,
  FaultOperation,
  faultableOperations,
  faultHeader,
  faultKinds,
  findFaultContract,
  listDeclineCodes,
} from './fault.ts';
export { FaultState, faultOperations } from './fault-routes.ts';
export { healthLive, healthReady, Live, Ready } from './health.ts';
export { Currency, Money } from './money.ts';
export {
  type BodyInputOf,
  type BodyOf,
  type CommandOperation,
  type DeepReadonly,
  defineOperation,
  type EffectOperation,
  type FencedOperation,
  type HeadersOf,
  isFenced,
  type Operation,
  type Operations,
  type ParamsInputOf,
  type ParamsOf,
  type ProblemCodeOf,
  problemsOf,
  type QueryInputOf,
  type QueryOf,
  type ReadOperation,
  type ReplyBodyOf,
  type ReplyInputOf,
  type StatusOf,
  type StreamOperation,
  type UndoOperation,
} from './operation.ts';
export {
  operatorOperations,
  orchestratorOperations,
  shopOperations,
  systemOperations,
} from './orchestrator.ts';
export {
  CustomerId,
  Instant,
  Line,
  Lines,
  OrderId,
  PaymentMethod,
  PaymentToken,
  Product,
  Sku,
  StepName,
} from './order.ts';
export {
  Accepted,
  OrderEvent,
  OrderView,
  orderContract,
  orderRunOperations,
  PlaceOrder,
} from './order-view.ts';
export {
  findParticipant,
  type ListedParticipant,
  listedParticipants,
  mapParticipants,
  orchestratorPort,
  participantPrograms,
} from './participant-list.ts';
export { type ParticipantName, participantEntries } from './participants.ts';
export {
  effectProblems,
  generalProblems,
  Issue,
  Problem,
  type ProblemSpec,
  type ProblemSpecs,
  problemType,
} from './problem.ts';
export { createRunOperations, type RunNaming, type RunOperations } from './run-operations.ts';
export { RunStory, type StorySpan } from './run-story.ts';
export {
  AttemptView,
  RunLinks,
  RunStatus,
  type RunSummary,
  type RunView,
  StepView,
} from './run-view.ts';
export { type Found, searchOperations } from './search.ts';
export { contractVersions, serviceContracts } from './service-contract.ts';
export {
  descriptionOperations,
  Overview,
  type Preset,
  type StepDescription,
  WorkflowDescription,
} from './workflow-description.ts';
