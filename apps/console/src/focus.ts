/** Where the keyboard goes on once the button that had it is gone. */
export const runTitle = 'run-title';
export const faultsTitle = 'faults-title';
export const toNodeId = (name: string): string => `node-${name}`;

export const focusOn = (id: string): void =>
  document.getElementById(id)?.focus({ preventScroll: true });
