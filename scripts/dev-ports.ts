/** The ports of `npm run dev`: a block that begins at PORT, or the usual one. */
import { createServer } from 'node:net';
import { listedParticipants, orchestratorPort } from '@baton/contracts';
import { blockedPorts } from '@baton/service-kit';

interface Place {
  readonly name: string;
  /** The position in a block. */
  readonly offset: number;
  /** The setting that tells the orchestrator the program's address. */
  readonly urlVariable?: string;
}

const places: readonly Place[] = [
  { name: 'orchestrator', offset: 0 },
  ...listedParticipants.map(({ name, port, urlVariable }) => ({
    name,
    offset: port - orchestratorPort,
    urlVariable,
  })),
];

/** Some ports of a block may be unused. */
const blockSize = Math.max(...places.map(({ offset }) => offset)) + 1;
/** The last port that a block can begin with. */
export const firstMax = 65_536 - blockSize;

/** Below the ports that the system hands out, so that no other program gets one before it is used here. */
const freeFrom = 20_000;
const freeTo = 30_000;

/** PORT names no block; the message says what would. */
class BadPort extends Error {}

/** Reads PORT, and says what it should be where it names no block. */
export async function runOnPorts(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof BadPort)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The first port of the block. */
export async function readFirstPort(text = ''): Promise<number> {
  if (text === '') return orchestratorPort;
  const first = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (first === 0) return await findFreeBlock();
  if (first <= firstMax) return refuseBlocked(first);
  throw new BadPort(
    `PORT=${text}: npm run dev needs ${blockSize} ports in a row; PORT is the first of them, at most ${firstMax} (for example PORT=5000), or 0 for any that are free.`,
  );
}

/** Before anything starts: a program that finds its own port refused leaves the others running without it. */
function refuseBlocked(first: number): number {
  const refused = places.map(({ offset }) => first + offset).find((port) => blockedPorts.has(port));
  if (refused === undefined) return first;
  throw new BadPort(
    `PORT=${first}: fetch and browsers refuse port ${refused}, which is in its block; set PORT to another (for example PORT=5000).`,
  );
}

/** The variables for the supervisors and the orchestrator; an address that is set already stays. */
export function toPortsEnv(first: number, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const urls = places.flatMap(({ urlVariable, offset }) =>
    urlVariable
      ? [[urlVariable, given[urlVariable] || `http://127.0.0.1:${first + offset}`] as const]
      : [],
  );
  const list = places.map(({ name, offset }) => `${name}:${first + offset}`).join(',');
  return { ...Object.fromEntries(urls), BATON_PORTS: list };
}

/** Another program may take a port before it is used. */
export async function findFreeBlock(): Promise<number> {
  const blocks = Math.floor((freeTo - freeFrom) / blockSize);
  const start = Math.floor(Math.random() * blocks);
  for (let tried = 0; tried < blocks; tried++) {
    const first = freeFrom + ((start + tried) % blocks) * blockSize;
    const frees = await Promise.all(places.map(({ offset }) => isFree(first + offset)));
    if (frees.every(Boolean)) return first;
  }
  throw new BadPort(
    `PORT=0: no ${blockSize} ports in a row are free; set PORT to the first of some.`,
  );
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
