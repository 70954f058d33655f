/** Loaded before a program: on SIGUSR2 its event loop is blocked for a minute, as by a bug in its own code. */
const blockedMs = 60_000;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
process.on('SIGUSR2', () => Atomics.wait(nobodyWakes, 0, 0, blockedMs));
