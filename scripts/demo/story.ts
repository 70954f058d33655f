/** A kind of trouble that an order meets, told as its events are committed, and then compared with how it must end. */
import { createLinks, narrate } from '@baton/runtime';
import { type Event, type RunView, readWay } from '@baton/saga';
import { readAmount } from '../../e2e/src/books.ts';
import { openRuns, type Reader, readRun, workflow } from '../run-reader.ts';
import { type Crowd, placeCrowd, type Refusal } from './crowd.ts';
import { Ledger, toMoney } from './ledger.ts';
import type { Screen, Style } from './screen.ts';
import type { Stage } from './stage.ts';

export interface Finding {
  readonly text: string;
  readonly holds: boolean;
}

/** What a story may look at, and do. */
export interface Scene {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly orderId: string;
  readonly events: () => readonly Event[];
  /** The order that is told, and accepted orders of the crowd. */
  readonly all: () => readonly RunView[];
  readonly refusals: readonly Refusal[];
  /** Resolves when the events so far satisfy `isSo`. */
  readonly until: (isSo: (events: readonly Event[]) => boolean) => Promise<void>;
  /** Tells an act of the demo, between the events. */
  readonly note: (text: string) => void;
  readonly during: Screen['during'];
}

export interface Story {
  readonly title: string;
  readonly customer: string;
  readonly what: string;
  readonly sku: string;
  readonly quantity: number;
  readonly token: string;
  /** What goes wrong, for a reader who has never seen the code. */
  readonly trouble: string;
  /** Faults that travel with this order, and with the crowd's. */
  readonly faults?: string;
  /** So many others order the same at the same moment; their orders are not told one by one. */
  readonly crowd?: number;
  /** Placed when the demo begins, since its trouble takes its time, and told in its turn. */
  readonly isEarly?: true;
  readonly before?: (stage: Stage) => Promise<void>;
  readonly act?: (scene: Scene) => Promise<void>;
  readonly ends: 'completed' | 'compensated';
  /** Why the order was undone, where that is certain. */
  readonly code?: string;
  readonly moral: string;
  readonly prove?: (scene: Scene) => Finding[] | Promise<Finding[]>;
}

const pollMs = 30;
/** Longer than any story takes on a slow machine. */
const storyLongestMs = 20_000;

const styles: Partial<Record<Event['type'], Style>> = {
  'step-refused': 'broken',
  'step-unsent': 'broken',
  'step-unknown': 'broken',
  'undo-refused': 'broken',
  'undo-unsent': 'broken',
  'undo-unknown': 'broken',
  'step-deferred': 'broken',
  'step-parked': 'broken',
  'undo-parked': 'broken',
  'retry-requested': 'title',
  'alternate-chosen': 'title',
  'compensation-decided': 'title',
};

export interface Placed {
  readonly orderId: string;
  readonly crowd: Crowd;
}

export async function place(stage: Stage, story: Story): Promise<Placed> {
  const { customer, faults, crowd = 0 } = story;
  await story.before?.(stage);
  const headers = faults === undefined ? {} : { baggage: `baton.fault=${faults}` };
  const placed = await stage.client.placeOrder(toBody(story, customer), headers);
  if (!placed.ok) throw new Error(`the order of ${customer} was not accepted: ${placed.code}`);
  const bodies = Array.from({ length: crowd }, (_, i) => toBody(story, `${customer}-${i + 1}`));
  const url = stage.urlOf('orchestrator');
  return { orderId: placed.body.orderId, crowd: await placeCrowd({ url, headers, bodies }) };
}

const toBody = ({ sku, quantity, token }: Story, customer: string) => ({
  customerId: customer.toLowerCase(),
  lines: [{ sku, quantity }],
  payment: { method: 'card' as const, token },
});

/** The order has ended, and its customer was told if there is something to tell. */
const isOver = ({ state }: RunView): boolean =>
  state.phase === 'compensated' ||
  (state.phase === 'completed' &&
    ['notify', 'notify:alt'].some((way) => readWay(state, way).result === 'ok'));

const toReason = (code: string): string => code.replaceAll('-', ' ');

const describeEffects = (keptMinor: number, held: number, messages: number): string =>
  [
    keptMinor > 0 ? `${toMoney(keptMinor)} taken` : 'no money kept',
    held > 0 ? `stock held: ${held}` : 'no stock held',
    messages > 0 ? `${messages} message sent` : 'no message sent',
  ].join(', ');

interface Waiter {
  readonly isSo: (events: readonly Event[]) => boolean;
  readonly resolve: () => void;
}

/** Says each event once it is committed, until the order is over or the time is up. */
export class Telling {
  readonly #screen: Screen;
  readonly #stage: Stage;
  readonly #story: Story;
  readonly #placed: Placed;
  readonly #waiters: Waiter[] = [];
  #run: RunView | undefined;
  #others: readonly RunView[] = [];
  #told = 0;

  constructor(screen: Screen, stage: Stage, told: { story: Story; placed: Placed }) {
    this.#screen = screen;
    this.#stage = stage;
    this.#story = told.story;
    this.#placed = told.placed;
  }

  /** What did not end as it must, in words. */
  async tell(): Promise<string[]> {
    const scene = this.#toScene();
    const acting = this.#story.act?.(scene);
    // An act may wait for an event that never comes, so nobody awaits it.
    acting?.catch(() => {});
    const isEnded = await this.#screen.during(() => this.#describeNext(), this.#follow());
    if (!isEnded || !this.#run)
      return this.#report([{ text: `not ended after ${storyLongestMs / 1_000} s`, holds: false }]);
    await acting;
    this.#screen.say(`    ${this.#story.moral}`, { hang: 4 });
    this.#sayTrace(this.#run);
    const proof = (await this.#story.prove?.(scene)) ?? [];
    const tables = [this.#toTables(this.#run), ...this.#toOthersTables()];
    return this.#report([this.#toEnd(this.#run), ...proof, ...tables]);
  }

  /** A link, where the environment names Jaeger's page. */
  #sayTrace({ id, state }: RunView): void {
    const { trace } = createLinks(process.env.JAEGER_UI_URL)(workflow, id, state);
    if (trace) this.#screen.say(`    ${trace}`, { style: 'dim' });
  }

  #toScene(): Scene {
    return {
      stage: this.#stage,
      ledger: new Ledger(this.#stage.dataDir),
      orderId: this.#placed.orderId,
      events: () => this.#run?.events ?? [],
      all: () => this.#readAll(),
      refusals: this.#placed.crowd.refusals,
      until: (isSo) =>
        new Promise((resolve) => {
          this.#waiters.push({ isSo, resolve });
        }),
      note: (text) => this.#note(text),
      during: (describe, work) => this.#screen.during(describe, work),
    };
  }

  async #follow(): Promise<boolean> {
    const reader = openRuns(this.#stage.dataDir);
    const deadline = performance.now() + storyLongestMs;
    try {
      while (performance.now() < deadline) {
        this.#look(reader);
        if (this.#run && this.#readAll().every(isOver)) return true;
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return false;
    } finally {
      reader.close();
    }
  }

  #look(reader: Reader): void {
    const { orderId, crowd } = this.#placed;
    this.#others = crowd.orderIds.flatMap((id) => readRun(reader, id) ?? []);
    this.#run = readRun(reader, orderId);
    if (this.#run) this.#sayNew(this.#run);
  }

  #readAll(): readonly RunView[] {
    return this.#run ? [this.#run, ...this.#others] : [];
  }

  #sayNew(run: RunView): void {
    // The head and a blank line come before the events.
    const lines = narrate(run, workflow, Date.now()).slice(2, 2 + run.events.length);
    for (; this.#told < run.events.length; this.#told += 1) {
      const style = styles[run.events[this.#told]?.type ?? 'completed'] ?? 'plain';
      this.#screen.say(`  ${lines[this.#told]}`, { style, hang: 15 });
    }
    for (const waiter of this.#waiters) if (waiter.isSo(run.events)) waiter.resolve();
  }

  #describeNext(): string {
    const run = this.#run;
    return (run && narrate(run, workflow, Date.now()).at(-1)) ?? 'nothing yet';
  }

  #note(text: string): void {
    const since = (Date.now() - (this.#run?.state.acceptedAt ?? Date.now())) / 1_000;
    this.#screen.say(`  ${since.toFixed(3).padStart(9)} s  >>> ${text}`, {
      style: 'bad',
      hang: 15,
    });
  }

  #toEnd({ state }: RunView): Finding {
    const { ends, code } = this.#story;
    const holds = state.phase === ends && (code === undefined || state.reason?.code === code);
    const seconds = (((state.settledAt ?? 0) - state.acceptedAt) / 1_000).toFixed(2);
    const why = state.reason ? ` (${toReason(state.reason.code)})` : '';
    const word = state.phase === 'completed' ? 'completed' : 'undone';
    return { text: `${word} after ${seconds} s${why}`, holds };
  }

  /** The effects must be the whole order, once, or none. */
  #toTables({ id, state }: RunView): Finding {
    const ledger = new Ledger(this.#stage.dataDir);
    const isWhole = state.phase === 'completed';
    const kept = ledger.keptMinor(id);
    const held = ledger.held(id);
    const messages = ledger.messages(id);
    const holds =
      kept === (isWhole ? readAmount(state) : 0) &&
      held === (isWhole ? this.#story.quantity : 0) &&
      messages === (isWhole ? 1 : 0);
    const found = describeEffects(kept, held, messages);
    return { text: `in the services' own tables: ${found}`, holds };
  }

  #toOthersTables(): Finding[] {
    const { length } = this.#placed.crowd.orderIds;
    if (length === 0) return [];
    const text = `the same for each of the ${length} other accepted orders`;
    const sound = this.#others.filter(
      (run) => run.state.phase === this.#story.ends && this.#toTables(run).holds,
    );
    return [{ text, holds: sound.length === length }];
  }

  #report(findings: readonly Finding[]): string[] {
    for (const { text, holds } of findings)
      this.#screen.say(`    ${holds ? '✓' : '✗'} ${text}`, {
        style: holds ? 'good' : 'bad',
        hang: 6,
      });
    return findings.flatMap(({ text, holds }) => (holds ? [] : [`${this.#story.title}: ${text}`]));
  }
}
