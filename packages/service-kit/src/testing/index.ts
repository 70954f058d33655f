export { describeFence, type FenceSuite } from './fence-suite.ts';
export { checkRandomOrder, type RandomOrderSuite } from './random-order.ts';
export { dumpTables, listen, type TestedParticipant, toQuietOptions } from './surroundings.ts';
