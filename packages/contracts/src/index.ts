export {
  ALERT_RULES,
  Alert,
  AlertDelivery,
  type AlertRule,
  alertOperations,
  ParticipantState,
} from './alert.ts';
export { Audit, MoneyBooks, StockBooks, WrittenOff } from './audit.ts';
export {
  ATTEMPT_HEADER,
  EFFECT_KEY_PATTERN,
  EXAMPLE_EFFECT_KEY,
  INCARNATION_HEADER,
  isEffectKey,
  KEY_HEADER,
  REPLAYED_HEADER,
  runIdOfKey,
  stepOfKey,
} from './effect-key.ts';
export {
  FAULT_HEADER,
  FAULT_KINDS,
  FAULT_OPERATIONS,
  Fault,
  type FaultKind,
  FaultOperation,
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
  ORCHESTRATOR_PORT,
  participantPrograms,
} from './participant-list.ts';
export { PARTICIPANTS, type ParticipantName } from './participants.ts';
export {
  EFFECT_PROBLEMS,
  GENERAL_PROBLEMS,
  Issue,
  PROBLEM_TYPE,
  Problem,
  type ProblemSpec,
  type ProblemSpecs,
} from './problem.ts';
export { createRunOperations, type RunNaming, type RunOperations } from './run-operations.ts';
export { AttemptView, RunLinks, RunStatus, StepView } from './run-view.ts';
export { CONTRACT_VERSIONS, SERVICE_CONTRACTS } from './service-contract.ts';
