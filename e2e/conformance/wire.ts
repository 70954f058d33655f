/** Plain HTTP to a participant. It never throws: a missing answer is a bad answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { keyHeader } from '@baton/contracts';

export interface Answer {
  /** 0 without an answer. */
  readonly status: number;
  readonly headers: Headers;
  /** The body, or why there was no answer. */
  readonly text: string;
}

export interface Message {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly key?: string;
  /** The body as text, so that broken JSON can be sent, too. */
  readonly text?: string;
}

export type Wire = (message: Message) => Promise<Answer>;

const timeoutMs = 10_000;
/** A participant whose effect lives elsewhere answers 503 until it knows (STARTED). */
const undecidedLongestMs = 10_000;
const askAgainMs = 200;

function toReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return 'no answer';
  return 'code' in cause ? String(cause.code) : cause.message;
}

async function exchange(baseUrl: string, message: Message): Promise<Answer> {
  const { method, path, key, text } = message;
  try {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(key === undefined ? {} : { [keyHeader]: key }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: text ?? null,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    return { status: 0, headers: new Headers(), text: toReason(error) };
  }
}

/** Asks again while the participant says that it does not know yet. */
export function createWire(url: string): Wire {
  const baseUrl = url.replace(/\/+$/, '');
  return async (message) => {
    const until = Date.now() + undecidedLongestMs;
    let answer = await exchange(baseUrl, message);
    while (message.key !== undefined && answer.status === 503 && Date.now() < until) {
      await delay(askAgainMs);
      answer = await exchange(baseUrl, message);
    }
    return answer;
  };
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const hasType = ({ headers }: Answer, type: string): boolean =>
  headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === type;
