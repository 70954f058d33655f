/** No object bounds the whole: more permits are more lanes, and the more is told, the more the feed takes with each message. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Load, startLoad } from '@baton/saga-restate/load';
import { type RestateNode, startNodes } from '@baton/saga-restate/nodes';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Of each message: so long that it is not this machine's processors that are measured. */
const awayMs = 50;
const seconds = 5;
let folder: string;
let node: RestateNode | undefined;
let load: Load;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-lanes-'));
  [node] = await startNodes({ folder, count: 1 });
  if (!node) throw new Error('no node was started');
  load = await startLoad({ node, awayMs, seconds });
});
afterAll(async () => {
  await load.close();
  await node?.stop();
  rmSync(folder, { recursive: true });
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

test('four lanes admit more calls than one', async () => {
  await load.admit(4);
  const one = await load.admit(1);
  const four = await load.admit(4);
  const again = await load.admit(1);
  const ratio = (2 * four) / (one + again);
  say(`with ${awayMs} ms away, one lane admits ${one.toFixed(0)} and ${again.toFixed(0)} calls/s`);
  say(`four lanes admit ${four.toFixed(0)}: ${ratio.toFixed(1)} times as many`);
  expect(ratio).toBeGreaterThan(2);
});

test('the feed takes more with each message, the more is told', async () => {
  const { perSecond, perMessage } = await load.tell();
  say(`the feed takes ${perSecond.toFixed(0)} events/s, ${perMessage.toFixed(0)} with a message`);
  expect(perSecond).toBeGreaterThan(2 * (1_000 / awayMs));
});
