/** The origin of a span, a figure or a log line: the program, the process and the machine. */
import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { instanceId } from './instance-id.ts';
import { scope } from './span-scope.ts';

/** This process's resource. `given` wins. */
export const createResource = (service: string, given: Attributes = {}): Resource =>
  defaultResource().merge(
    resourceFromAttributes({
      'service.name': service,
      'service.namespace': scope.name,
      'service.version': scope.version,
      'service.instance.id': instanceId,
      'deployment.environment.name': process.env.NODE_ENV || 'development',
      // The machine tells which spans share a clock, the process whether there was a restart between two spans.
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.creation.time': new Date(performance.timeOrigin).toISOString(),
      ...given,
    }),
  );

/** The resource of a process that may have ended long ago. */
export const recallResource = (attributes: Attributes): Resource =>
  resourceFromAttributes(attributes);
