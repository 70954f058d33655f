/** `npm run contracts`: fails where a contract's change breaks callers, and its version was not raised. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toOpenApiFiles } from '../packages/service-kit/src/openapi-file.ts';
import { canCompare, findBreaks } from './contract-change.ts';
import { readLanded } from './landed-document.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function check(path: string, text: string): Promise<boolean> {
  const landed = readLanded(root, path, text);
  if (landed === undefined) {
    console.log(`${path}: git knows no earlier one here, so nothing was compared.`);
    return true;
  }
  const breaks = await findBreaks(landed, text);
  if (breaks.length > 0) {
    console.log([`${path} breaks callers of the contract that landed:`, ...breaks].join('\n  '));
  }
  return breaks.length === 0;
}

if (await canCompare()) {
  const files = toOpenApiFiles().map(({ url, text }) => ({
    path: relative(root, fileURLToPath(url)).replaceAll('\\', '/'),
    text,
  }));
  const verdicts = await Promise.all(files.map(({ path, text }) => check(path, text)));
  if (verdicts.includes(false)) {
    console.log(`Keep what was there beside what is new, or raise the contract's version in
packages/contracts/src/service-contract.ts, then: npm run openapi`);
    process.exitCode = 1;
  }
} else {
  console.log(`Contracts were not compared: npm has no oasdiff for this machine, and none is on the PATH.
See https://github.com/oasdiff/oasdiff.`);
  process.exitCode = process.env.CI ? 1 : 0;
}
