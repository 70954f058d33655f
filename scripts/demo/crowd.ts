/** Other customers that order the same at the same moment. */
import { Accepted, Problem } from '@baton/contracts';

export interface Refusal {
  readonly code: string;
  readonly retryAfterSeconds: number;
}
export interface Crowd {
  readonly orderIds: readonly string[];
  readonly refusals: readonly Refusal[];
}

export interface CrowdRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly unknown[];
}

/** All at once, without the typed client, which reads no Retry-After. */
export async function placeCrowd({ url, headers, bodies }: CrowdRequest): Promise<Crowd> {
  const placed = await Promise.all(
    bodies.map(async (body) => {
      const answer = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const said: unknown = await answer.json();
      return { answer, body: said };
    }),
  );
  const isAccepted = ({ answer }: (typeof placed)[number]) => answer.ok;
  return {
    orderIds: placed.filter(isAccepted).map(({ body }) => Accepted.parse(body).orderId),
    refusals: placed
      .filter((each) => !isAccepted(each))
      .map(({ answer, body }) => ({
        code: Problem.parse(body).code,
        retryAfterSeconds: Number(answer.headers.get('retry-after')),
      })),
  };
}
