/** The sender: the program by the environment. */
import { z } from 'zod';
import type { OtelEnv } from './otel-env.ts';

type Attributes = Readonly<Record<string, string>>;

function decodePair(pair: string): [name: string, value: string] {
  const [name = '', value, more] = pair.split('=').map((part) => decodeURIComponent(part.trim()));
  if (name === '' || value === undefined || more !== undefined) throw new URIError(pair);
  return [name, value];
}

/** All or nothing, as the specification has it. */
const Pairs = z.string().transform((text, context): Attributes => {
  try {
    const pairs = text.split(',').filter((pair) => pair.trim());
    return Object.fromEntries(pairs.map(decodePair));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    context.addIssue('must be pairs such as team=shop,region=eu, each value percent-encoded');
    return z.NEVER;
  }
});

/** Always with a name: the program's own is the last resort. */
export function readResourceAttributes(env: OtelEnv, service: string): Attributes {
  const attributes = env.read('OTEL_RESOURCE_ATTRIBUTES', Pairs);
  const name = env.read('OTEL_SERVICE_NAME', z.string());
  return { 'service.name': service, ...attributes, ...(name && { 'service.name': name }) };
}
