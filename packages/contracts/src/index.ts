export { Audit, MoneyBooks, StockBooks } from './audit.ts';
export {
  ATTEMPT_HEADER,
  EFFECT_KEY_PATTERN,
  EXAMPLE_EFFECT_KEY,
  INCARNATION_HEADER,
  isEffectKey,
  KEY_HEADER,
  orderIdOfKey,
} from './effect-key.ts';
export { healthLive, healthReady, Live, Ready } from './health.ts';
export { inventoryOperations, StockLevel } from './inventory-service.ts';
export { Currency, Money } from './money.ts';
export { Notification, notificationOperations } from './notification-service.ts';
export * from './operation.ts';
export { Accepted, orchestratorOperations, PlaceOrder } from './orchestrator.ts';
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
export { orderOperations } from './order-service.ts';
export {
  AttemptView,
  OrderEvent,
  OrderStatus,
  OrderSummary,
  OrderView,
  StepView,
} from './order-view.ts';
export { Payment, PaymentTotal, paymentOperations } from './payment-service.ts';
export {
  EFFECT_PROBLEMS,
  GENERAL_PROBLEMS,
  Issue,
  PROBLEM_TYPE,
  Problem,
  type ProblemSpec,
  type ProblemSpecs,
} from './problem.ts';
