/**
 * All attributes that a span may have. Others cannot be traced, so that no token, no name and no free text ever leaves
 * with a span. docs/traces.md says what each means; a test holds the two together.
 */
export const spanAttributes = [
  'http.request.method',
  'http.request.resend_count',
  'http.route',
  'http.response.status_code',
  'url.full',
  'url.path',
  'url.scheme',
  'url.template',
  'server.address',
  'server.port',
  'network.protocol.version',
  'error.type',
  'baton.order.id',
  'baton.order.part',
  'baton.order.status',
  'baton.order.degraded',
  'baton.order.alternates',
  'baton.saga',
  'baton.saga.version',
  'baton.participant',
  'baton.step',
  'baton.way',
  'baton.direction',
  'baton.attempt',
  'baton.call',
  'baton.calls',
  'baton.reply',
  'baton.code',
  'baton.interrupted',
  'baton.by',
  'baton.late',
  'baton.wait.reason',
  'baton.wait.planned_ms',
  'baton.fence',
  'baton.fault',
  'baton.fault.settings',
] as const;

export type SpanAttributes = {
  readonly [K in (typeof spanAttributes)[number]]?: string | number | boolean | undefined;
};

/** In characters: a longer text is no code and no name. */
const lengthMax = 256;

const known: ReadonlySet<string> = new Set(spanAttributes);

/** Types end where text from outside begins: attributes that are not on the list are left out here, too. */
function addAttribute(
  attributes: Record<string, string | number | boolean>,
  name: string,
  value: unknown,
): void {
  if (value === undefined || !known.has(name)) return;
  if (typeof value === 'string') attributes[name] = value.slice(0, lengthMax);
  else if (typeof value === 'number' || typeof value === 'boolean') attributes[name] = value;
}

export function toAttributes(given: SpanAttributes): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  let name: keyof SpanAttributes;
  for (name in given) addAttribute(attributes, name, given[name]);
  return attributes;
}
