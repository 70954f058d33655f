/** The files of a new service: the templates with its noun. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeAbout } from './noun.ts';
import { addToList, listFile, type NewParticipant } from './participant-entry.ts';
import { readTemplates } from './templates.ts';

/** Writes the service's files and its entry in the list, and returns their paths. */
export function writeService(root: string, participant: NewParticipant): string[] {
  const { noun } = participant;
  const files = noun === undefined ? [] : toFiles(noun);
  const list = addToList(readFileSync(join(root, listFile), 'utf8'), participant);
  for (const [path, text] of [...files, [listFile, list] as const]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return [...files.map(([path]) => path), listFile];
}

const toFiles = (noun: string): (readonly [path: string, text: string])[] =>
  readTemplates().map(([path, text]) => [writeAbout(noun, path), writeAbout(noun, text)]);

/** The step to paste into the workflow. */
export const toStep = (noun: string): string =>
  writeAbout(noun, readFileSync(join(import.meta.dirname, 'step.ts.txt'), 'utf8'));
