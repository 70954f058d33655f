/** A participant that stands in for notification-service, on the protocol and OpenTelemetry alone, without a line of ours. */
import { trace } from '@opentelemetry/api';
import express from 'express';

const tracer = trace.getTracer('notifier');
const sent = new Map<string, string>();

const app = express();
app.use(express.json());
app.post('/notify', (request, response) => {
  const key = request.get('idempotency-key') ?? '';
  const messageId = tracer.startActiveSpan('hand over to the mail server', (span) => {
    const known = sent.get(key) ?? `mail_${sent.size + 1}`;
    sent.set(key, known);
    span.setAttribute('mail.template', String(request.body.template));
    span.addEvent('handed over');
    span.end();
    return known;
  });
  response.json({ orderId: request.body.orderId, messageId });
});

const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);
});
process.once('SIGTERM', () => server.close());
