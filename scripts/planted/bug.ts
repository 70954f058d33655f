/** A known bug, and how it is planted for the time in which tests judge it. */
export interface Bug {
  readonly name: string;
  readonly what: string;
  readonly judge: () => Promise<Verdict>;
}
export type Verdict =
  | { readonly type: 'caught'; readonly by: string }
  | { readonly type: 'survived'; readonly what: string }
  | { readonly type: 'broken'; readonly why: string };
