/** Functions with statements that are written as constants; one with a type of its own, or a function of functions, may be. */
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
