/** Control characters, changes of the writing direction, invisible characters, and line ends other than `\n`. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escapeUnits = (text: string): string =>
  text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/**
 * A text of others, for a terminal, a log or a page: on one line, with everything escaped that could forge another line
 * or act on a terminal. In JSON the escapes mean the characters that they replace.
 */
export const toOneLine = (text: string): string => text.replace(unprintable, escapeUnits);
