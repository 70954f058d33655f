/** A real Jaeger for a test, and its client. */
// @boundaries-ignore the commands at the root start a Jaeger too, and must not depend on tests for it
import { type OwnJaeger, startOwnJaeger } from '../../../scripts/jaeger/own-jaeger.ts';
import { createQueryClient, type QueryClient } from './query-client.ts';

export interface RealJaeger extends OwnJaeger {
  readonly client: QueryClient;
}

/** Throws without a Jaeger, which `npm run test:jaeger` says before. */
export async function startJaeger(): Promise<RealJaeger> {
  const jaeger = await startOwnJaeger();
  return { ...jaeger, client: createQueryClient(jaeger.uiUrl) };
}
