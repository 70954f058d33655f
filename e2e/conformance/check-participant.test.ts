import { participantPrograms } from '@baton/contracts';
import { listen, toQuietOptions } from '@baton/service-kit/testing';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../src/programs.ts';
import { checkParticipant, Unreachable } from './check-participant.ts';
import { type Finding, toLine } from './finding.ts';
import { type Defect, seatDefects } from './stand-in/defect.ts';
import { startSeats } from './stand-in/seats-server.ts';

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

async function checkSeats(...defects: readonly Defect[]): Promise<readonly Finding[]> {
  const { url, close } = await startSeats(...defects);
  const findings = await collect(url);
  await close();
  return findings;
}
const defectNames = Object.keys(seatDefects) as readonly Defect[];

describe('a participant that shares no code with ours', () => {
  it('conforms when it keeps the table', async () => {
    expect(failuresOf(await checkSeats()).map(toLine)).toEqual([]);
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
