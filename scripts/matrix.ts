/** `npm run matrix`: plays the failure matrix and writes docs/failure-matrix.md, or prints the sentences of a cell. */
import { writeFileSync } from 'node:fs';
import { faultableOperations, faultKinds } from '@baton/contracts';
import { toOneLine } from '@baton/telemetry/one-line';
import { createMatrix, describeCell } from '../e2e/src/matrix/cell.ts';
import { document, toDocument } from '../e2e/src/matrix/document.ts';
import { playMatrix } from '../e2e/src/matrix/play-matrix.ts';
import { explainCells } from '../e2e/src/matrix/sentences.ts';
import { findPlaces } from '../e2e/src/matrix/workflow.ts';
import { readCommandLine } from './command-line.ts';

const usageText = `npm run matrix                       plays every cell, and writes docs/failure-matrix.md
npm run matrix -- OPERATION [FAULT]  how an order must end whose call fails like this, and why

OPERATION  ${faultableOperations.join(', ')}
FAULT      ${faultKinds.join(', ')}`;

async function explain(typedOperation: string, typedKind: string | undefined): Promise<void> {
  const operation = faultableOperations.find((one) => one === typedOperation);
  const kind = faultKinds.find((one) => one === typedKind);
  if (!operation || (typedKind && !kind)) {
    const typed = toOneLine(String(operation ? typedKind : typedOperation));
    console.error(`There is no ${typed}.\n\n${usageText}`);
    process.exitCode = 1;
    return;
  }
  const matrix = createMatrix(await findPlaces());
  console.log(explainCells(matrix, { operation, kind }).join('\n'));
}

async function play(): Promise<void> {
  const startedMs = performance.now();
  const matrix = await playMatrix();
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const wrong = [
    ...matrix.complaints,
    ...matrix.played.flatMap(({ cell, complaints }) =>
      complaints.map((complaint) => `${describeCell(cell)}: ${complaint}`),
    ),
  ];
  for (const complaint of wrong) console.error(toOneLine(complaint));
  const { played, impossible } = matrix;
  console.log(`${played.length} cells played in ${seconds} s, ${impossible.length} impossible`);
  if (wrong.length > 0) process.exitCode = 1;
  else writeFileSync(document, toDocument(matrix));
}

const [operation, kind] = readCommandLine(usageText, { allowPositionals: true }).positionals;
await (operation ? explain(operation, kind) : play());
