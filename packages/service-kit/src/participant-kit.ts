/** The parts of a program that only answers: without the clients, it starts in two thirds of the time. */
export type { Handlers, Work } from './answer.ts';
export { createServiceApp } from './app.ts';
export { toStandbyOrder } from './env.ts';
export { toHostName } from './host-check.ts';
export type { Sql } from './memory.ts';
export { hasToken } from './operator-check.ts';
export { readPage } from './page.ts';
export { type Participant, type ParticipantOptions, runParticipant } from './participant.ts';
export { StartupProblem } from './startup-problem.ts';
export { openStore } from './store.ts';
