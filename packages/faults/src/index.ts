export { type Admitted, type FaultControl, openFaultControl } from './fault-control.ts';
export { createFaultFile, type FaultFile, UnreadableFaults, UnusableFaults } from './fault-file.ts';
export { type FaultChange, scheduleFaults } from './fault-schedule.ts';
export { type FaultQuestion, findFault } from './find-fault.ts';
export type { Flags } from './flags.ts';
export { createSaboteur, type SaboteurDesign } from './saboteur.ts';
