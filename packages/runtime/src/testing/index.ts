export { createOrderWorkflow } from './order-workflow.ts';
export { type Asked, createStandIns } from './stand-in.ts';
