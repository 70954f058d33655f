/** A context that says one thing more than the one below it, where each of the API's own is a copy of all that was said. */
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

class Layer implements Context {
  readonly #below: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(below: Context, key: symbol, value: unknown) {
    this.#below = below;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#below.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new Layer(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new Layer(this, key, undefined);
  }
}

/** Says nothing; what is added to it costs next to nothing. */
export const emptyContext: Context = new Layer(ROOT_CONTEXT, Symbol('nothing'), undefined);
