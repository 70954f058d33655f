/**
 * A cluster in memory and in virtual time, for stories with a crash at each point: it keeps Restate's promises, and no
 * others. Not a fast Restate: what it cannot do, the host must not use.
 *
 * 1. An object's writing handlers run one at a time, in the order of their invocations; readers wait for nobody.
 * 2. What a handler did is recorded step by step. After a crash it is called again, and is answered from the record.
 * 3. A step whose end was not recorded is done again: `run` may do its work twice.
 * 4. All that is stored or sent goes through JSON.
 * 5. Replicas that are alive together are called in turn. A writing handler that throws is called again, at the next one.
 */
import type { Clock } from '@baton/saga';
import type { CallOptions } from '../ingress.ts';
import type { Handlers } from '../objects.ts';
import type { ClusterLink } from '../replica.ts';
import { breaker, buffer, feed, lane, page, run } from '../services.ts';

export interface SimulatedCluster {
  /** For a replica, until it stops or crashes. The next one on it takes its place, as after a crash. */
  readonly link: ClusterLink;
  /** For one more replica, which is alive beside the first one. */
  createLink(): ClusterLink;
  /** The processes of all replicas end: nothing of them is heard any more. */
  crash(): void;
  /** Called before and after each step that a writing handler records. It may crash the replicas. */
  onPoint: () => void;
  /** What an object stores under a name. */
  stored(object: string, key: string, name: string): unknown;
}

type Json = string | undefined;
type Handler = (context: unknown, input: unknown) => Promise<unknown>;
interface Target {
  readonly object: string;
  readonly key: string;
  readonly handler: string;
}
interface Invocation extends Target {
  readonly input: Json;
  readonly record: Step[];
  readonly end: (value: Json) => void;
}
interface Step {
  readonly value?: Json;
  /** Of a call whose answer has not come. */
  readonly pending?: Promise<unknown>;
}
interface Delayed {
  readonly at: number;
  readonly send: () => void;
}

const readers = new Set([
  `${run.name}/read`,
  `${lane.name}/view`,
  `${breaker.name}/view`,
  `${feed.name}/read`,
  `${page.name}/read`,
]);
const isReader = ({ object, handler }: Target): boolean => readers.has(`${object}/${handler}`);
const toJson = (value: unknown): Json => JSON.stringify(value);
const fromJson = (text: Json): unknown => (text === undefined ? undefined : JSON.parse(text));
const never = (): Promise<never> => new Promise(() => {});
const againMs = 50;
/** A handler that throws so often in a row has a bug. */
const triesMax = 50;

export function createSimulatedCluster(clock: Clock): SimulatedCluster {
  const states = new Map<string, Map<string, Json>>();
  const queues = new Map<string, Invocation[]>();
  const delayed = new Set<Delayed>();
  /** The handlers of each replica that is alive. */
  const replicas = new Map<ClusterLink, Readonly<Record<string, object>>>();
  /** Which replica the next writing handler is called at. */
  let turn = 0;
  /** The objects whose queue is being served. */
  const busy = new Set<string>();
  /** Of all replicas: what was alive before a crash is not heard. */
  let life = 0;

  const stateOf = ({ object, key }: Target): Map<string, Json> => {
    const name = `${object}/${key}`;
    const state = states.get(name) ?? new Map<string, Json>();
    states.set(name, state);
    return state;
  };

  /** A promise for its answer; it waits for a replica where there is none. */
  function invoke(target: Target, input: Json): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const invocation = {
      ...target,
      input,
      record: [],
      end: (text: Json) => resolve(fromJson(text)),
    };
    if (isReader(target)) {
      if (replicas.size > 0) void execute(invocation);
      return promise;
    }
    const name = `${target.object}/${target.key}`;
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    queue.push(invocation);
    void serve(name, queue);
    return promise;
  }

  async function serve(name: string, queue: Invocation[]): Promise<void> {
    if (busy.has(name)) return;
    busy.add(name);
    const own = life;
    for (let [first] = queue; first && replicas.size > 0; [first] = queue) {
      await execute(first);
      if (own !== life) return;
      queue.shift();
    }
    busy.delete(name);
    if (queue.length === 0) queues.delete(name);
  }

  async function execute(invocation: Invocation): Promise<void> {
    const own = life;
    const first = isReader(invocation) ? 0 : turn++;
    for (let tries = 1; own === life; tries++) {
      const handle = findHandler(invocation, first + tries - 1);
      try {
        const value = await handle(createContext(invocation, own), fromJson(invocation.input));
        if (own === life) invocation.end(toJson(value));
        return;
      } catch (error) {
        if (tries === triesMax) throw error;
      }
      await new Promise<void>((resolve) => clock.setTimer(againMs, resolve));
    }
  }

  function findHandler({ object, handler }: Target, at: number): Handler {
    const replica = [...replicas.values()][at % replicas.size];
    return Reflect.get(replica?.[object] ?? {}, handler);
  }

  function send(target: Target, input: Json, delayMs = 0): void {
    if (delayMs <= 0) return void invoke(target, input);
    const message: Delayed = {
      at: clock.now() + delayMs,
      send() {
        if (delayed.delete(message)) void invoke(target, input);
      },
    };
    delayed.add(message);
    arm(message);
  }
  const arm = ({ at, send: ring }: Delayed) => clock.setTimer(Math.max(0, at - clock.now()), ring);

  /** What the SDK's context offers of what the host uses. */
  function createContext(invocation: Invocation, own: number): unknown {
    const state = stateOf(invocation);
    const { record } = invocation;
    let place = 0;
    const isGone = (): boolean => own !== life;
    /** A step that ends at once. */
    function step(work: () => Json): Json {
      if (isGone()) return undefined;
      const known = record[place++];
      if (known) return known.value;
      // A reader changes nothing: to crash in it is to crash beside it.
      if (!isReader(invocation)) api.onPoint();
      if (isGone()) return undefined;
      const value = work();
      record.push({ value });
      return value;
    }
    /** A step whose end is recorded when it comes. */
    async function wait(work: () => Promise<unknown>): Promise<unknown> {
      if (isGone()) return never();
      const at = place++;
      const known = record[at];
      if (known) return fromJson(known.value);
      api.onPoint();
      if (isGone()) return never();
      const value = toJson(await work());
      if (isGone()) return never();
      api.onPoint();
      if (isGone()) return never();
      record[at] = { value };
      return fromJson(value);
    }
    /** Sent once, however often its answer is waited for. */
    async function call(target: Target, input: Json): Promise<unknown> {
      if (isGone()) return never();
      const at = place++;
      const known = record[at] ?? { pending: invoke(target, input) };
      record[at] = known;
      if (!known.pending) return fromJson(known.value);
      const answer = await known.pending;
      if (isGone()) return never();
      api.onPoint();
      if (isGone()) return never();
      record[at] = { value: toJson(answer) };
      return answer;
    }
    const toClient =
      (call: (target: Target, input: unknown, options: unknown) => unknown) =>
      (definition: { readonly name: string }, key: string) =>
        new Proxy(
          {},
          {
            get: (_, handler) => (input: unknown, options: unknown) =>
              call({ object: definition.name, key, handler: String(handler) }, input, options),
          },
        );
    return {
      key: invocation.key,
      get: async (name: string) => {
        const text = step(() => state.get(name));
        return isGone() ? never() : (fromJson(text) ?? null);
      },
      set: (name: string, value: unknown) =>
        step(() => {
          state.set(name, toJson(value));
          return undefined;
        }),
      run: (_name: string, work: () => Promise<unknown>) => wait(work),
      objectSendClient: toClient((target, input, options) => {
        const delayMs = Number(Object(options).opts?.delay ?? 0);
        step(() => {
          send(target, toJson(input), delayMs);
          return undefined;
        });
      }),
      objectClient: toClient((target, input) => call(target, toJson(input))),
    };
  }

  const ingress = {
    objectClient: ({ name }: { readonly name: string }, key: string) =>
      new Proxy(
        {},
        {
          get: (_, handler) => (input: unknown) =>
            invoke({ object: name, key, handler: String(handler) }, toJson(input)),
        },
      ),
  };
  function crash(): void {
    life += 1;
    replicas.clear();
    busy.clear();
  }
  function createLink(): ClusterLink {
    const link: ClusterLink = {
      onTrouble: () => {},
      async call(ask) {
        const own = life;
        // The named boundary: clients of any object. An answer to a process that has ended is heard by nobody.
        const answer = await ask(ingress as never, {} as CallOptions);
        return own === life ? answer : never();
      },
      async serve(given: Handlers) {
        if (replicas.has(link)) crash();
        const replica = {
          [run.name]: given.run,
          [lane.name]: given.lane,
          [breaker.name]: given.breaker,
          [feed.name]: given.feed,
          [page.name]: given.page,
          [buffer.name]: given.buffer,
        };
        replicas.set(link, replica);
        const own = life;
        for (const message of delayed) arm(message);
        // It may crash while it begins.
        for (const [name, queue] of queues) if (own === life) void serve(name, queue);
        const stop = async (): Promise<void> => {
          if (replicas.get(link) === replica) replicas.delete(link);
        };
        return { register: async () => {}, turnAway: () => {}, stop };
      },
    };
    return link;
  }
  const api: SimulatedCluster = {
    onPoint: () => {},
    crash,
    stored: (object, key, name) => fromJson(states.get(`${object}/${key}`)?.get(name)),
    link: createLink(),
    createLink,
  };
  return api;
}
