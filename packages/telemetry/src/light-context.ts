/** A context that adds one entry to the context below it; the API's own would copy all entries. */
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

/** The empty context; an entry added to it costs next to nothing. */
export const emptyContext: Context = new Layer(ROOT_CONTEXT, Symbol('nothing'), undefined);
