/** Who sends figures and lines: what the environment says of the program, and which process it is, as its spans say. */
import { hostname } from 'node:os';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { instanceId } from './instance-id.ts';

export const createResource = (attributes: Readonly<Record<string, string>>): Resource =>
  defaultResource().merge(
    resourceFromAttributes({
      'service.instance.id': instanceId,
      'host.name': hostname(),
      'process.pid': process.pid,
      ...attributes,
    }),
  );
