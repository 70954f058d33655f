/** Headers that the routes of runs read. */
import { z } from 'zod';

/** W3C trace context and baggage: kept with the run and sent on every hop. */
const TravelsAlong = z
  .string()
  .optional()
  .meta({ description: 'W3C; travels along through every hop, unless it is too long' });

const TravelsAlongFromJaeger = z
  .string()
  .optional()
  .meta({ description: 'Of Jaeger clients, with `uberctx-…`; read where there is no traceparent' });

export const SubmitHeaders = z
  .object({
    'idempotency-key': z
      .string()
      .regex(/^[!-~]{1,200}$/, 'must be 1 to 200 visible ASCII characters')
      .optional()
      .meta({ description: 'The same key and body give the same run' }),
    prefer: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'wait=N: wait at most N seconds (0 to 30) for it to settle' }),
    traceparent: TravelsAlong,
    tracestate: TravelsAlong,
    baggage: TravelsAlong,
    'uber-trace-id': TravelsAlongFromJaeger,
    // Jaeger's clients send a header `uberctx-…` for each item of baggage.
  })
  .catchall(z.string().optional());

export const EventHeaders = z.object({
  'last-event-id': z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Resume after this event; an event named reset says it was pruned' }),
});
