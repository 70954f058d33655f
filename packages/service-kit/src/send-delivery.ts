import { setTimeout as wait } from 'node:timers/promises';
import type { Response } from 'express';
import type { HttpAnswer } from './answer.ts';
import type { Delivery } from './interceptor.ts';
import { sendAnswer } from './send-answer.ts';

const pieces = 10;

/** The whole length is announced at once, so that a caller of a cut answer knows that a part is missing. */
async function drip(response: Response, answer: HttpAnswer, overMs: number): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(answer.body));
  const pieceBytes = Math.ceil(bytes.length / pieces);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
  for (let from = 0; from < bytes.length && !response.destroyed; from += pieceBytes) {
    await wait(overMs / pieces);
    response.write(bytes.subarray(from, from + pieceBytes));
  }
  response.end();
}

export async function sendDelivery(response: Response, delivery: Delivery): Promise<void> {
  if (response.destroyed) return;
  if (delivery === null) response.socket?.resetAndDestroy();
  else if (delivery.overMs === undefined) sendAnswer(response, delivery.answer);
  else await drip(response, delivery.answer, delivery.overMs);
}
