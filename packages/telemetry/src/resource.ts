/** Who a span is from: the program, the process and the machine. */
import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { instanceId } from './instance-id.ts';
import { scope } from './span-scope.ts';

/** Of this process. What is `given` wins. */
export const createResource = (service: string, given: Attributes = {}): Resource =>
  defaultResource().merge(
    resourceFromAttributes({
      'service.name': service,
      'service.namespace': scope.name,
      'service.version': scope.version,
      'service.instance.id': instanceId,
      'deployment.environment.name': process.env.NODE_ENV || 'development',
      // The machine tells who shares a clock, and the process that there was a restart between two spans.
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.creation.time': new Date(performance.timeOrigin).toISOString(),
      ...given,
    }),
  );

/** Of a process that may have ended long ago. */
export const recallResource = (attributes: Attributes): Resource =>
  resourceFromAttributes(attributes);
