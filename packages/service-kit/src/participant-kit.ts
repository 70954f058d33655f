/** What a program that only answers is made of. It calls nobody: with the clients left out, it starts in two thirds of the time. */
export type { Work } from './answer.ts';
export { createServiceApp } from './app.ts';
export { readPage } from './page.ts';
export { type Participant, type ParticipantOptions, runParticipant } from './participant.ts';
export { StartupProblem } from './startup-problem.ts';
export { openStore } from './store.ts';
