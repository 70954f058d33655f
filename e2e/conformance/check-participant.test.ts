import { participantPrograms } from '@baton/contracts';
import { listen, toQuietOptions } from '@baton/service-kit/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from '../src/programs.ts';
import { checkParticipant, Unreachable } from './check-participant.ts';
import { type Finding, toLine } from './finding.ts';
import { type Defect, seatDefects, type Trait } from './stand-in/defect.ts';
import { startSeats } from './stand-in/seats-server.ts';
import { createUnique } from './stand-in/unique.ts';

async function collect(url: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checkParticipant(url)) findings.push(finding);
  return findings;
}
const failuresOf = (findings: readonly Finding[]) => findings.filter(({ passed }) => !passed);

describe('a participant of our own', () => {
  it.each(participantPrograms)('%s conforms', async (program) => {
    const participant = findProgram({ program }).createService(toQuietOptions(program));
    const { url, close } = await listen(participant.app);
    const findings = await collect(url);
    expect(failuresOf(findings).map(toLine)).toEqual([]);
    expect(findings.length).toBeGreaterThan(20);
    await close();
    participant.close();
  });
});

async function checkSeats(...traits: readonly Trait[]): Promise<readonly Finding[]> {
  const { url, close } = await startSeats(...traits);
  const findings = await collect(url);
  await close();
  return findings;
}
const defectNames = Object.keys(seatDefects) as readonly Defect[];

describe('a participant that shares no code with ours', () => {
  it('conforms when it keeps the table', async () => {
    expect(failuresOf(await checkSeats()).map(toLine)).toEqual([]);
  });

  it('conforms without an orderId, when its answers repeat the key', async () => {
    const findings = await checkSeats('names runs by their key');
    expect(failuresOf(findings).map(toLine)).toEqual([]);
  });

  it.each(defectNames)('fails when it %s', async (defect) => {
    const failed = failuresOf(await checkSeats(defect)).map(({ check }) => check);
    expect(failed).toContain(seatDefects[defect]);
  });

  it('has a defect for every check, so that each is seen to fail', async () => {
    const checks = new Set((await checkSeats()).map(({ check }) => check));
    expect([...checks].sort()).toEqual([...new Set(Object.values<string>(seatDefects))].sort());
  });
});

describe('a participant whose effects are unique by something in the body', () => {
  async function check(options?: Parameters<typeof createUnique>[0]) {
    const participant = createUnique(options);
    const { url, close } = await listen(participant.app);
    onTestFinished(async () => {
      await close();
      participant.close();
    });
    const findings = await collect(url);
    return { findings, again: await collect(url) };
  }

  it('conforms where its document has a template, as often as it is checked', async () => {
    const { findings, again } = await check();
    expect(failuresOf([...findings, ...again]).map(toLine)).toEqual([]);
    expect(findings.length).toBeGreaterThan(60);
  });

  it('fails without one, since an order more is refused', async () => {
    const { findings } = await check({ hasTemplates: false });
    const failed = failuresOf(findings).map(toLine).join('\n');
    expect(failed).toMatch(/unique\.redeem: .* came 409 .*taken/);
    expect(failed).toMatch(/unique\.sit: .* came 409 .*taken/);
  });
});

describe('an address where nothing answers', () => {
  it('is said to be unreachable', async () => {
    const { url, close } = await startSeats();
    await close();
    await expect(collect(url)).rejects.toThrow(Unreachable);
  });

  it('is told from one that answers with something else', async () => {
    const { url, close } = await startSeats();
    const [first] = await collect(`${url}/elsewhere`);
    expect(first).toMatchObject({ passed: false, operation: 'service' });
    await close();
  });
});
