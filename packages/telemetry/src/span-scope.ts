/** The instrumentation scope of the project's own spans. */
import telemetry from '../package.json' with { type: 'json' };

export const scope = {
  name: 'baton',
  /** One for all packages of the repository. */
  version: telemetry.version,
  /** The version of the conventions that the attributes' names are from. */
  schemaUrl: 'https://opentelemetry.io/schemas/1.37.0',
} as const;
