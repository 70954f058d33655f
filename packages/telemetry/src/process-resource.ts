/** The sender of figures and lines: the program by the environment, and the process as in its spans. */
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
