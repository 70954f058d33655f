/** What every contestant does: four steps over HTTP, one after the other, at participants that do nothing. */
import { Agent, request } from 'undici';
import { z } from 'zod';

export const steps = ['validate', 'reserve', 'pay', 'notify'] as const;
export type StepName = (typeof steps)[number];

export interface Contestant {
  /** The version that is measured, so that others can repeat it. */
  readonly version: string;
  /** True where this process is only the customer: its own processor time and memory are not counted. */
  readonly isCustomer?: boolean;
  /** Takes one run to its end; the id is a new one. Throws when a step fails. */
  place(id: string): Promise<void>;
}

export const Surroundings = z.object({
  contestant: z.string(),
  /** Where the participants answer. */
  participantsUrl: z.string(),
  /** Its own, on the disk that all share. */
  folder: z.string(),
});
export type Surroundings = z.output<typeof Surroundings>;
/** What is opened ends with the process. Throws where something is not installed that it takes. */
export type Open = (surroundings: Surroundings) => Promise<Contestant>;

const agent = new Agent({ connections: 256 });

/** The fastest client there is: what is left of a rival's time is its own. */
export async function callParticipant(url: string, step: string, id: string): Promise<void> {
  const { statusCode, body } = await request(`${url}/${step}`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `${id}:${step}` },
    body: JSON.stringify({ orderId: id }),
  });
  await body.text();
  if (statusCode !== 200) throw new Error(`${step} answered ${statusCode}`);
}
