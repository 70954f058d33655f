/** The ways in which a service's files write its noun. The templates say `sample thing`; this replaces it. */

/** As it is written in code: `gift-card`, `giftCard`, `GiftCard`, `gift_card`, `gift card`. */
const writings: readonly ((words: readonly string[]) => string)[] = [
  (words) => words.join('-'),
  ([first = '', ...rest]) => first + rest.map(toCapital).join(''),
  (words) => words.map(toCapital).join(''),
  (words) => words.join('_'),
  (words) => words.join(' '),
  ([first = '', ...rest]) => [toCapital(first), ...rest].join(' '),
];

function toCapital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `delivery` → `deliveries`; an irregular noun gets an `s`, which a person may correct. */
export function toPlural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return noun.replace(/y$/, 'ies');
  return /(s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** The same text about another noun, in kebab case. */
export function writeAbout(noun: string, template: string): string {
  const toWritings = (one: string) => writings.map((write) => write(one.split('-')));
  const pairs = [
    // The plural first, as the singular is a part of it.
    ['sample-things', toPlural(noun)] as const,
    ['sample-thing', noun] as const,
  ].flatMap(([from, to]) => {
    const written = toWritings(to);
    return toWritings(from).map((text, index) => [text, written[index] ?? ''] as const);
  });
  return pairs.reduce((text, [from, to]) => text.replaceAll(from, to), template);
}
