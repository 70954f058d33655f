/** Finds functions with statements that are written as constants. With a type of its own, or as a function of functions, one may be. */
import { parseSync } from 'oxc-parser';

export function listNamedArrows(path: string, text: string): readonly string[] {
  return parseSync(path, text).program.body.flatMap((node) => {
    const declared = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declared?.type !== 'VariableDeclaration') return [];
    return declared.declarations.flatMap(({ id, init }) =>
      id.type === 'Identifier' &&
      !id.typeAnnotation &&
      init?.type === 'ArrowFunctionExpression' &&
      init.body.type === 'BlockStatement'
        ? [id.name]
        : [],
    );
  });
}
