/** The documents committed under docs/openapi, so that a change of contract shows in a diff. */
import { serviceContracts } from '@baton/contracts';
import { toOpenApi } from './openapi.ts';

export interface OpenApiFile {
  readonly url: URL;
  readonly text: string;
}

export const toOpenApiFiles = (): readonly OpenApiFile[] =>
  Array.from(serviceContracts, ([service, operations]) => ({
    url: new URL(`../../../docs/openapi/${service}.json`, import.meta.url),
    text: `${JSON.stringify(toOpenApi(service, operations), null, 2)}\n`,
  }));
