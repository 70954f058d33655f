/**
 * Ends a participant's process as `kill -9` does, and says when it served again. It sends a request that carries a
 * crash, which hits before the fence is asked: under a key of no run, and without a body, so that a participant without
 * faults refuses the request and does nothing.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findParticipant, healthReady, isFenced } from '@baton/contracts';
import { toStandbyOrder } from '@baton/service-kit/participant';
import { sealBaggage } from './baggage.ts';
import { toFaultName } from './find-fault.ts';

export interface Killed {
  /** Null where it did not serve again in time. */
  readonly servedAgainAfterMs: number | null;
}
/** `why` says why the process lives, or was dead. */
export type Killing = Killed | { readonly why: string };

/** A busy machine takes its time to die. */
const answerMs = 5_000;
const healthMs = 1_000;
const patienceMs = 10_000;
const everyMs = 20;

interface KillOptions {
  readonly url: string | undefined;
  /** It seals the crash, and is never sent: another program may listen there. */
  readonly operatorToken: string | undefined;
}

export async function killParticipant(
  name: string,
  { url: baseUrl, operatorToken }: KillOptions,
): Promise<Killing> {
  const { operations = {} } = findParticipant(name) ?? {};
  const fenced = Object.values(operations).find(isFenced);
  if (baseUrl === undefined || !fenced) return { why: `nobody knows where ${name} is` };
  // Participants load this file, and call nobody.
  const { createClient } = await import('@baton/service-kit');
  const client = createClient({ kill: fenced, ready: healthReady(name) }, { baseUrl });
  const runId = `kill_${randomUUID()}`;
  const crash = `baton.fault=${toFaultName(fenced.name, name)}:crash`;
  const baggage = operatorToken === undefined ? crash : sealBaggage(crash, runId, operatorToken);
  try {
    const killedAt = performance.now();
    const answer = await client.kill(
      {},
      {
        key: `${runId}:kill`,
        number: 1,
        signal: AbortSignal.timeout(answerMs),
        context: { ...(baggage && { baggage }) },
      },
    );
    const code = 'code' in answer ? answer.code : 'it answered';
    if (answer.reply !== 'unknown' || !code.startsWith('connection-'))
      return { why: `${name} was not killed: ${code}` };
    return await toKilled(killedAt, async () => {
      const { ok } = await client.ready({}, { signal: AbortSignal.timeout(healthMs) });
      return ok;
    });
  } finally {
    await client.close();
  }
}

/** A standby looks only at the lock that it waits for, and at a file that asks it to die. */
export async function killStandby(
  faultsFile: string,
  isThere: () => Promise<boolean>,
): Promise<Killing> {
  if (!(await isThere())) return { why: 'there is no standby' };
  const order = toStandbyOrder(faultsFile);
  writeFileSync(order, '', { mode: 0o600 });
  const killedAt = performance.now();
  const isHeard = await until(async () => !existsSync(order), killedAt + answerMs);
  rmSync(order, { force: true });
  if (!isHeard) return { why: 'the standby does not look for faults' };
  // The standby removes the file before it dies.
  await until(async () => !(await isThere()), killedAt + answerMs);
  return toKilled(killedAt, isThere);
}

async function toKilled(killedAt: number, isThere: () => Promise<boolean>): Promise<Killed> {
  const isBack = await until(isThere, killedAt + patienceMs);
  return { servedAgainAfterMs: isBack ? Math.round(performance.now() - killedAt) : null };
}

async function until(isSo: () => Promise<boolean>, endsAt: number): Promise<boolean> {
  while (performance.now() < endsAt) {
    await wait(everyMs);
    if (await isSo()) return true;
  }
  return false;
}
