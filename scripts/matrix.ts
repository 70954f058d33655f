/** `npm run matrix`: plays the failure matrix, and writes docs/failure-matrix.md when every cell ended as it must. */
import { writeFileSync } from 'node:fs';
import { describeCell } from '../e2e/src/matrix/cell.ts';
import { DOCUMENT, toDocument } from '../e2e/src/matrix/document.ts';
import { playMatrix } from '../e2e/src/matrix/play-matrix.ts';

const startedMs = performance.now();
const matrix = await playMatrix();
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
const wrong = [
  ...matrix.complaints,
  ...matrix.played.flatMap(({ cell, complaints }) =>
    complaints.map((complaint) => `${describeCell(cell)}: ${complaint}`),
  ),
];
for (const complaint of wrong) console.error(complaint);
const { played, impossible } = matrix;
console.log(`${played.length} cells played in ${seconds} s, ${impossible.length} impossible`);
if (wrong.length > 0) process.exitCode = 1;
else writeFileSync(DOCUMENT, toDocument(matrix));
