/** Where `npm run dev` puts its programs: each at its usual port, or all of them in a block that PORT begins. */
import { createServer } from 'node:net';

/** By their place in a block; the usual one begins at 4000. */
const programs = [
  'orchestrator',
  'order-service',
  'inventory-service',
  'payment-service',
  'notification-service',
  'payment-alternate',
] as const;

const lastPort = 65_535;
const firstMax = lastPort - programs.length + 1;

/** Below those that the system hands out, so that nobody is given one before it is used here. */
const freeFrom = 20_000;
const freeBlocks = 1_000;

/** PORT names no block; the message says what would. */
export class BadPort extends Error {}

/** The first port of the block; undefined where each program takes its usual one. */
export async function readFirstPort(text = ''): Promise<number | undefined> {
  if (text === '') return undefined;
  const first = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (first === 0) return await findFreeBlock();
  if (first <= firstMax) return first;
  throw new BadPort(
    `PORT=${text}: npm run dev needs ${programs.length} ports in a row; PORT is the first of them, at most ${firstMax} (for example PORT=5000), or 0 for any that are free.`,
  );
}

/** What the supervisors and the orchestrator are told; an address that is given already stands. */
export function toPortsEnv(first: number | undefined, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (first === undefined) return {};
  const ports = programs.map((name, place) => [name, first + place] as const);
  const urls = ports.map(([name, port]) => {
    const variable = `${name.toUpperCase().replace('-', '_')}_URL`;
    return [variable, given[variable] || `http://127.0.0.1:${port}`];
  });
  const list = ports.map(([name, port]) => `${name}:${port}`).join(',');
  return { ...Object.fromEntries(urls), BATON_PORTS: list };
}

/** Somebody else may take one before it is used. */
export async function findFreeBlock(): Promise<number> {
  const start = Math.floor(Math.random() * freeBlocks);
  for (let tried = 0; tried < freeBlocks; tried++) {
    const first = freeFrom + ((start + tried) % freeBlocks) * 10;
    const frees = await Promise.all(programs.map((_, place) => isFree(first + place)));
    if (frees.every(Boolean)) return first;
  }
  throw new BadPort(
    `PORT=0: no ${programs.length} ports in a row are free; set PORT to the first of some.`,
  );
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
