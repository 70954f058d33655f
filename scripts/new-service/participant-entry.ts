/** A new entry in the list of participants: whether its name is free, and where it goes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { listedParticipants, orchestratorPort, participantPrograms } from '@baton/contracts';
import { toPlural, writeAbout } from './noun.ts';
import { findClash } from './templates.ts';

/** The participant cannot be made; the message says why, and what would do. */
export class Unfit extends Error {}

export interface NewParticipant {
  /** The name in the list, and of the app. */
  readonly name: string;
  /** The noun of a new service; undefined for a second instance of an existing program. */
  readonly noun?: string;
  readonly program?: string | undefined;
}

export const listFile = 'packages/contracts/src/participants.ts';
/** The name is also a step's, and so a part of each effect's key. */
const namePattern = /^(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Programs with another name in compose.yaml. */
const takenNames = ['orchestrator', 'jaeger', 'prometheus', 'grafana'];
/** The second orchestrator's port, in compose.yaml. */
const portOffsetsTaken = [10];

/** Throws `Unfit`; otherwise the participant can be added. */
export function planParticipant(
  root: string,
  given: string,
  program: string | undefined,
): NewParticipant {
  const word = program === undefined ? given.replace(/-service$/, '') : given;
  if (!namePattern.test(word)) {
    throw new Unfit(
      `"${given}" is no name: small letters, digits and single hyphens, a letter first, 32 at most; such as voucher, or gift-card.`,
    );
  }
  if (program !== undefined && !participantPrograms.includes(program)) {
    throw new Unfit(`There is no ${program} to run: ${participantPrograms.join(', ')} are there.`);
  }
  const planned =
    program === undefined ? { name: `${word}-service`, noun: word } : { name: word, program };
  refuseTaken(root, planned);
  return planned;
}

function refuseTaken(root: string, { name, noun }: NewParticipant): void {
  const listed = listedParticipants.find((one) => one.name === name);
  if (listed) throw new Unfit(`${name} is there already: see ${listFile}.`);
  const prefix = name.replace(/-service$/, '');
  const other = listedParticipants.find(({ faultPrefix }) => faultPrefix === prefix);
  if (other) {
    throw new Unfit(
      `${name} would be named ${prefix} by faults, as ${other.name} is: another name?`,
    );
  }
  if (takenNames.includes(prefix)) throw new Unfit(`${prefix} is the name of something else here.`);
  if (noun === undefined) return;
  const path = listOwnPaths(name).find((one) => existsSync(join(root, one)));
  if (path) throw new Unfit(`${path} is there already: take it away, or take another name.`);
  const clash = findClash(noun);
  if (clash) {
    throw new Unfit(
      `${noun} would define ${clash}, which a service's code needs for something else: take another name, such as ${noun}-entry.`,
    );
  }
  if (!isTableName(toPlural(noun))) {
    throw new Unfit(`SQLite keeps the word ${toPlural(noun)} for itself: take another name.`);
  }
}

/** Paths that belong to a new service alone. */
export const listOwnPaths = (name: string): string[] => [
  `apps/${name}`,
  `packages/contracts/src/${name}.ts`,
  `docs/openapi/${name}.json`,
  `node_modules/@baton/${name}`,
];

function isTableName(name: string): boolean {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec(`CREATE TABLE ${name.replaceAll('-', '_')} (id)`);
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
}

/** The list with a new entry at its end. */
export function addToList(list: string, { name, noun, program }: NewParticipant): string {
  const imported =
    noun === undefined ? findOperations(list, program) : writeAbout(noun, 'sampleThingOperations');
  const entry = [
    `operations: ${imported}`,
    `portOffset: ${findFreeOffset()}`,
    ...(program === undefined ? [] : [`program: '${program}'`]),
  ];
  const end = /^\} as const satisfies/m;
  if (!end.test(list))
    throw new Error(`${listFile} no longer ends its list as this program knows it`);
  const longer = list.replace(end, (text) => `  '${name}': { ${entry.join(', ')} },\n${text}`);
  return noun === undefined
    ? longer
    : addImport(longer, `import { ${imported} } from './${name}.ts';\n`);
}

/** In alphabetical order: a sorting tool would part the first import from the file's header. */
function addImport(list: string, line: string): string {
  const toPath = (text: string): string => text.slice(text.indexOf(' from '));
  return list.replace(/(?:^import .*\n)+/m, (all) =>
    [...(all.match(/.*\n/g) ?? []), line]
      .sort((a, b) => toPath(a).localeCompare(toPath(b), 'en'))
      .join(''),
  );
}

/** The names in the program's own entry. */
function findOperations(list: string, program = ''): string {
  const [, found] = new RegExp(`'${program}': \\{\\s*operations: (\\w+)`).exec(list) ?? [];
  if (!found)
    throw new Error(`${listFile} has no entry for ${program} that this program understands`);
  return found;
}

function findFreeOffset(): number {
  const taken = [
    ...portOffsetsTaken,
    ...listedParticipants.map(({ port }) => port - orchestratorPort),
  ];
  let offset = 1;
  while (taken.includes(offset)) offset += 1;
  return offset;
}
