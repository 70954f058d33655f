/** What the project's own spans say of the code that made them. */
import telemetry from '../package.json' with { type: 'json' };

export const scope = {
  name: 'baton',
  /** One for all packages of the repository. */
  version: telemetry.version,
  /** Of the conventions that the names of the attributes are from. */
  schemaUrl: 'https://opentelemetry.io/schemas/1.37.0',
} as const;
