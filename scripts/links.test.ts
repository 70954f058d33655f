/** Whoever follows a link of the documentation arrives: at a file that is there, and at a heading that is in it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = globSync('{*.md,docs/**/*.md,packages/*/*.md}', { cwd: root });

/** As GitHub makes them. */
const toAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replace(/ /g, '-');

const readAnchors = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => toAnchor(heading));

function leadsNowhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, target))) return true;
  return anchor !== undefined && !readAnchors(target).includes(anchor);
}

test('every link within the repository leads somewhere', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => ({ page, link })),
  );
  const inside = links.filter(({ link }) => !/^\w+:/.test(link));
  expect(inside.length).toBeGreaterThan(50);
  expect(inside.filter(({ page, link }) => leadsNowhere(page, link))).toEqual([]);
});
