/** Input fields that recovery needs and nobody may see: stored apart from the events, erased at settlement. */

/** Puts `login.token` back where it was taken from. */
export function restoreSecrets(
  input: unknown,
  secrets: Readonly<Record<string, unknown>>,
): unknown {
  return Object.entries(secrets).reduce(
    (whole, [path, value]) => putField(whole, path.split('.'), value),
    input,
  );
}

/** Takes the secret fields out of an input: the rest may be stored and shown. */
export function separateSecrets(input: unknown, paths: readonly string[]) {
  const secrets: Record<string, unknown> = {};
  let rest = input;
  for (const path of paths) {
    const names = path.split('.');
    const value = names.reduce(readField, input);
    if (value === undefined) continue;
    secrets[path] = value;
    rest = putField(rest, names, undefined);
  }
  return { input: rest, secrets };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const readField = (whole: unknown, name: string): unknown =>
  isRecord(whole) ? whole[name] : undefined;

function putField(whole: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  return isRecord(whole) ? { ...whole, [name]: putField(whole[name], rest, value) } : whole;
}
