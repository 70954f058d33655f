/** Baton on a cluster of one Restate node: the engine alone, and the five apps. */
import { join } from 'node:path';
import { type EngineOptions, openJournal } from '@baton/saga';
import { createLink, createRestateEngine } from '@baton/saga-restate';
import { noCalls, toContestant } from './baton-engine.ts';
import type { Contestant, Open } from './contestant.ts';
import { openApps } from './five-apps.ts';
import { startNode } from './restate.ts';

/** Few enough permits of a participant for one lane. */
const laneCallsMax = 8;

async function openEngine(
  folder: string,
  options: Pick<EngineOptions, 'callsMax'> = {},
): Promise<Contestant> {
  const { ingressUrl, adminUrl } = await startNode(folder);
  const journal = await openJournal({ path: join(folder, 'projection.sqlite') });
  const link = createLink({ ingressUrls: [ingressUrl], registration: { adminUrls: [adminUrl] } });
  const engine = await createRestateEngine({ ...options, journal, sagas: [noCalls] }, link);
  return toContestant(engine, noCalls);
}

export const openCluster: Open = ({ folder }) => openEngine(folder);

export const openOneLane: Open = ({ folder }) => openEngine(folder, { callsMax: laneCallsMax });

export const openClusterApps: Open = async ({ folder }) => {
  const { ingressUrl, adminUrl } = await startNode(folder);
  return openApps(folder, {
    SAGA_HOST: 'restate',
    RESTATE_INGRESS_URLS: ingressUrl,
    RESTATE_ADMIN_URLS: adminUrl,
    RESTATE_HANDLERS_PORT: '0',
  });
};
