/** The demo's output, drawn as a terminal: one story and the books, for readers who have not run it yet. */
import type { Line, Style } from './screen.ts';

const shown = /^(story 3|books|end)$/;
const lineHeight = 18;
const fontSize = 13;
const margin = 18;
const bar = 34;
const width = 830;

const fills: Readonly<Record<Style, string>> = {
  plain: '#d6dbe1',
  title: '#ffffff',
  good: '#7ee2a8',
  bad: '#ff8f87',
  broken: '#f2cc60',
  dim: '#8b949e',
};

const toXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function listLines(sections: ReadonlyMap<string, readonly Line[]>): Line[] {
  const lines: Line[] = [{ text: '$ npm run demo', style: 'title' }];
  let elided = 0;
  for (const [name, said] of sections) {
    if (!shown.test(name)) {
      elided += name.startsWith('story') ? 1 : 0;
      continue;
    }
    if (elided > 0) lines.push(tellElided(elided));
    elided = 0;
    lines.push(...said);
  }
  return lines;
}

const tellElided = (count: number): Line => ({
  text: `    ⋮  ${count} more stories`,
  style: 'dim',
});

function drawLine({ text, style }: Line, place: number): string {
  if (text === '') return '';
  const y = bar + margin + fontSize + place * lineHeight;
  const weight = style === 'title' ? ' font-weight="700"' : '';
  return `<text x="${margin}" y="${y}" fill="${fills[style]}"${weight} xml:space="preserve">${toXml(text)}</text>`;
}

export function drawPicture(sections: ReadonlyMap<string, readonly Line[]>): string {
  const lines = listLines(sections);
  const height = bar + 2 * margin + lines.length * lineHeight;
  const lights = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, place) => `<circle cx="${margin + 6 + place * 20}" cy="18" r="6" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What npm run demo prints: an order is paid once though the payment's answer was lost, and the books balance">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>`,
    ...lights,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}">`,
    ...lines.map(drawLine).filter(Boolean),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
