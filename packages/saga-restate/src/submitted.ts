import type { Issue, Saga } from '@baton/saga';
import { separateSecrets } from '@baton/saga/core/secret';
import { toStored } from '@baton/saga/core/stored';
import type { Submitted } from './services.ts';

interface Given {
  readonly fingerprint: string;
  readonly context: Readonly<Record<string, string>>;
}

/** What a run's object is handed, also straight at the ingress: checked, and without its secrets in the input. */
export async function toSubmitted(
  { name, version, structure, secrets: paths, input: schema }: Saga<unknown>,
  input: unknown,
  { fingerprint, context }: Given,
): Promise<Submitted | { readonly issues: readonly Issue[] }> {
  const checked = await schema['~standard'].validate(input);
  if (checked.issues) return { issues: checked.issues };
  const { input: shown, secrets } = separateSecrets(toStored(checked.value, 'input'), paths);
  return { begin: { saga: name, version, structure, input: shown, context }, secrets, fingerprint };
}
