// What a change of a pure file may leave unnoticed, and why: the program does the same with it.
export interface Explained {
  readonly file: string;
  /** The line that the change begins on, without its indentation. */
  readonly line: string;
  /** Each as `what is there → what takes its place`, on one line. */
  readonly changes: readonly string[];
  readonly why: string;
}

const isNever = 'no value comes here: it is for the compiler';
const hasCode = 'whatever ends a way has set a code before: it is for the compiler';
const isOneDue = 'for one that is due there is always an act or a wait: it is for the compiler';
const isAnyOther = 'endless is what is neither of the other two';

export const explained: readonly Explained[] = [
  {
    file: 'breaker.ts',
    line: 'default:',
    changes: ['default: return call.verdict satisfies never; → default:'],
    why: isNever,
  },
  {
    file: 'breaker.ts',
    line: 'const isSoon = breaker.openings > 0 && now - breaker.since < options.windowMs;',
    changes: ['breaker.openings > 0 → true', 'breaker.openings > 0 → breaker.openings >= 0'],
    why: 'after none, the next opening is the first one either way',
  },
  {
    file: 'decide.ts',
    line: 'default:',
    changes: ['default: return state.phase satisfies never; → default:'],
    why: isNever,
  },
  {
    file: 'decide.ts',
    line: "return { type: 'compensate', code: way.code ?? 'refused', step: step.name };",
    changes: [`'refused' → ""`],
    why: hasCode,
  },
  {
    file: 'decide.ts',
    line: "if (isSpent(way, planned.tries, view.now)) return giveUp(state, step, way.code ?? 'exhausted');",
    changes: [`'exhausted' → ""`],
    why: hasCode,
  },
  {
    file: 'decide.ts',
    line: "return { type: 'compensate', code: code ?? 'exhausted', step: step.name };",
    changes: [`'exhausted' → ""`],
    why: hasCode,
  },
  {
    file: 'decide.ts',
    line: "return actOn([toForward(state, planned)], view) ?? { type: 'rest' };",
    changes: ["{ type: 'rest' } → {}", `'rest' → ""`],
    why: isOneDue,
  },
  {
    file: 'decide.ts',
    line: "return actOn([{ ...toUndo(state, step.first), endsAt }], view) ?? { type: 'rest' };",
    changes: ["{ type: 'rest' } → {}", `'rest' → ""`],
    why: isOneDue,
  },
  {
    file: 'decide.ts',
    line: ".map((step) => toForward(state, step.first, 'endless'));",
    changes: [`'endless' → ""`],
    why: isAnyOther,
  },
  {
    file: 'decide.ts',
    line: "const patience = undo.exhausted ? 'exhausted' : 'endless';",
    changes: [`'endless' → ""`],
    why: isAnyOther,
  },
  {
    file: 'fence.ts',
    line: "db.exec('RELEASE effect');",
    changes: [`'RELEASE effect' → ""`],
    why: 'the end of the transaction releases it too',
  },
  {
    file: 'fence.ts',
    line: "reply: StoredReply.parse(JSON.parse(row.reply ?? '')),",
    changes: [`'' → "Stryker was here!"`],
    why: 'neither is JSON: a row that is done without a reply is damaged, and its reading throws',
  },
  {
    file: 'fence.ts',
    line: 'default:',
    changes: ['default: return row.state satisfies never; → default:'],
    why: isNever,
  },
  {
    file: 'outcome.ts',
    line: "const retryAt = toRetryAt(outcome, before, isRepair ? 'endless' : 'step');",
    changes: [`'endless' → ""`],
    why: isAnyOther,
  },
  {
    file: 'outcome.ts',
    line: "const retryAt = toRetryAt(outcome, before.undo, exhausted ? 'exhausted' : 'endless');",
    changes: [`'endless' → ""`],
    why: isAnyOther,
  },
  {
    file: 'state.ts',
    line: '} catch {',
    changes: ['{ return undefined; } → {}'],
    why: 'a function that ends returns undefined',
  },
  {
    file: 'state.ts',
    line: "const isInterrupted = event.type === 'step-unknown' && event.interrupted === true;",
    changes: ["event.type === 'step-unknown' → true"],
    why: 'no other event is interrupted: it is for the compiler',
  },
  {
    file: 'state.ts',
    line: 'default:',
    changes: ['default: return event satisfies never; → default:'],
    why: isNever,
  },
];
