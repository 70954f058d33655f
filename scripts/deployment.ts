/** What deployments say of each participant, from the list of participants. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ListedParticipant, listedParticipants, orchestratorPort } from '@baton/contracts';

const root = join(import.meta.dirname, '..');

/** Parts of compose.yaml, by the name that their first and last line have. */
const composeParts: Readonly<Record<string, (participant: ListedParticipant) => string>> = {
  'depends on': ({ name }) => `    ${name}: { condition: service_healthy }`,
  addresses: ({ name, urlVariable, port }) => `  ${urlVariable}: http://${name}:${port}`,
  services: toComposeService,
  volumes: (participant) => `  ${toVolume(participant)}:`,
};

const toVolume = ({ faultPrefix }: ListedParticipant): string => `${faultPrefix}-data`;

function toComposeService(participant: ListedParticipant): string {
  const { name, program, port } = participant;
  return [
    `  ${name}:`,
    '    <<: *app',
    '    environment:',
    '      <<: *environment',
    `      APP: ${program}`,
    ...(name === program ? [] : [`      STORE_NAME: ${name}`]),
    `      PORT: ${port}`,
    `      ALLOWED_HOSTS: ${name}`,
    `    volumes: ['${toVolume(participant)}:/data']`,
    `    ports: ['127.0.0.1:${port}:${port}']`,
    '',
  ].join('\n');
}

function toCompose(): string {
  const text = readFileSync(join(root, 'compose.yaml'), 'utf8');
  return Object.entries(composeParts).reduce((rest, [part, toText]) => {
    const lines = listedParticipants.map(toText).join('\n');
    const between = new RegExp(
      `(# participants, ${part} \\(npm run generate\\)\\n)[^]*?\\n( *# end)`,
    );
    return rest.replace(between, (_all, first, last) => `${first}${lines}\n${last}`);
  }, text);
}

const toTargets = (comment: string, toHost: (name: string) => string): string =>
  [
    `# ${comment}`,
    ...[{ name: 'orchestrator', port: orchestratorPort }, ...listedParticipants].map(
      ({ name, port }) => `- targets: ['${toHost(name)}:${port}']\n  labels: { app: ${name} }`,
    ),
    '',
  ].join('\n');

/** By their path from the repository's root on. */
export const toDeploymentFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ['compose.yaml', toCompose()],
    [
      'deploy/prometheus/targets.yml',
      toTargets(
        'Where `npm run dev` puts the apps (npm run generate). A standby orchestrator has no port: the active one is at 4000.',
        () => '127.0.0.1',
      ),
    ],
    [
      'deploy/prometheus/targets-compose.yml',
      toTargets(
        'Where compose.yaml puts the apps (npm run generate). Both orchestrators have one name: the standby refuses, the active one answers.',
        (name) => name,
      ),
    ],
  ]);
