import type { Response } from 'express';
import type { HttpAnswer } from './answer.ts';

/** `end`, not `json`: Express would add an ETag and a charset. */
export function sendAnswer(response: Response, answer: HttpAnswer): void {
  if (response.destroyed || response.headersSent) return;
  response.status(answer.status);
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  const text = JSON.stringify(answer.body);
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
