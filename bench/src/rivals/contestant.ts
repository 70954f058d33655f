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
  /** Takes one run, under a new id, to its end. Throws when a step fails. */
  place(id: string): Promise<void>;
}

export const Surroundings = z.object({
  contestant: z.string(),
  /** Where the participants answer. */
  participantsUrl: z.string(),
  /** The contestant's own folder, on the disk that all share. */
  folder: z.string(),
});
export type Surroundings = z.output<typeof Surroundings>;
/** Opened resources end with the process. Throws where a needed program is not installed. */
export type Open = (surroundings: Surroundings) => Promise<Contestant>;

const agent = new Agent({ connections: 256 });

/** The fastest client there is: the rest of a rival's time is its own. */
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
