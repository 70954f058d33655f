import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { createResource, recallResource } from './resource.ts';

it('names the program, its release, the process, the machine, the deployment and the SDK', () => {
  const { attributes } = createResource('orchestrator');
  expect(attributes).toMatchObject({
    'service.name': 'orchestrator',
    'service.namespace': 'baton',
    'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
    'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
    'deployment.environment.name': 'test',
    'host.name': hostname(),
    'process.pid': process.pid,
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

it('says what it is given instead', () => {
  const given = { 'service.namespace': 'shop', team: 'checkout' };
  expect(createResource('orchestrator', given).attributes).toMatchObject(given);
});

it('is the same when it is recalled', () => {
  const { attributes } = createResource('orchestrator');
  expect(recallResource(JSON.parse(JSON.stringify(attributes))).attributes).toEqual(attributes);
});
