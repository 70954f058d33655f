/** Changes of pure files that no test can notice, and why: the program does the same. */
export interface Explained {
  readonly file: string;
  /** The line that the change begins on, without its indentation. */
  readonly line: string;
  /** Each as `old → new`, on one line. */
  readonly changes: readonly string[];
  readonly why: string;
}

const isNever = 'no value comes here: it is for the compiler';

export const explained: readonly Explained[] = [
  {
    file: 'breaker.ts',
    line: 'const isSoon = breaker.openings > 0 && now - breaker.since < options.windowMs;',
    changes: ['breaker.openings > 0 → true', 'breaker.openings > 0 → breaker.openings >= 0'],
    why: 'after none, the next opening is the first one either way',
  },
  {
    file: 'breaker.ts',
    line: "return reply.reply === 'unknown' && reply.retriable === false ? 'healthy' : 'failing';",
    changes: ["reply.reply === 'unknown' → true"],
    why: 'no other reply says so: it is for the compiler',
  },
  {
    file: 'decide.ts',
    line: 'default:',
    changes: ['default: return state.phase satisfies never; → default:'],
    why: isNever,
  },
  {
    file: 'fence.ts',
    line: 'default:',
    changes: ['default: return row.state satisfies never; → default:'],
    why: isNever,
  },
  {
    file: 'state.ts',
    line: 'default:',
    changes: ['default: return event satisfies never; → default:'],
    why: isNever,
  },
];
