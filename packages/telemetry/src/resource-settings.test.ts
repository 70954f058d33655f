import { expect, it } from 'vitest';
import { createOtelEnv } from './otel-env.ts';
import { readResourceAttributes } from './resource-settings.ts';

function read(source: Record<string, string>) {
  const env = createOtelEnv(source);
  const attributes = readResourceAttributes(env, 'payment-service');
  return { attributes, problems: env.listProblems() };
}

it.each([
  [{}, { 'service.name': 'payment-service' }],
  [{ OTEL_SERVICE_NAME: 'pay' }, { 'service.name': 'pay' }],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=till' }, { 'service.name': 'till' }],
  [
    { OTEL_SERVICE_NAME: 'pay', OTEL_RESOURCE_ATTRIBUTES: 'service.name=till' },
    { 'service.name': 'pay' },
  ],
  [
    { OTEL_RESOURCE_ATTRIBUTES: ' team = a%2Cb%3D%20c , deployment.environment.name=prod,' },
    {
      'service.name': 'payment-service',
      team: 'a,b= c',
      'deployment.environment.name': 'prod',
    },
  ],
])('reads %j', (source, attributes) => {
  expect(read(source)).toEqual({ attributes, problems: [] });
});

it.each(['team', 'team=a=b', '=a', 'team=%zz', 'team=shop,region'])(
  'takes nothing of %j',
  (text) => {
    const { attributes, problems } = read({ OTEL_RESOURCE_ATTRIBUTES: text });
    expect(attributes).toEqual({ 'service.name': 'payment-service' });
    expect(problems).toEqual([
      'OTEL_RESOURCE_ATTRIBUTES must be pairs such as team=shop,region=eu, each value percent-encoded: it counts as unset',
    ]);
  },
);
