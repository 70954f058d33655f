/** The documents committed under docs/openapi, so that a change of contract shows in a diff. */
import { SERVICE_CONTRACTS, SERVICES } from '@baton/contracts';
import { toOpenApi } from './openapi.ts';

export interface OpenApiFile {
  readonly url: URL;
  readonly text: string;
}

export const toOpenApiFiles = (): readonly OpenApiFile[] =>
  SERVICES.map((service) => ({
    url: new URL(`../../../docs/openapi/${service}.json`, import.meta.url),
    text: `${JSON.stringify(toOpenApi(service, SERVICE_CONTRACTS[service]), null, 2)}\n`,
  }));
