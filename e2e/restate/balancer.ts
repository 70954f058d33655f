/** One address for several programs, as on a platform: each connection goes to the next program that takes it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

const host = '127.0.0.1';

export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  async function join(client: Socket): Promise<void> {
    open.add(client);
    client.once('close', () => open.delete(client)).on('error', () => client.destroy());
    client.pause();
    const server = await reach(ports.map((_, i) => ports[(turn + i) % ports.length] ?? 0));
    turn += 1;
    if (!server || client.destroyed) {
      server?.destroy();
      client.destroy();
      return;
    }
    open.add(server);
    server.once('close', () => open.delete(server));
    client.once('close', () => server.destroy());
    server.on('error', () => client.destroy()).once('close', () => client.destroy());
    client.pipe(server).pipe(client);
  }
  // Without delay: an order is many small messages, one after the other.
  const balancer = createServer({ noDelay: true }, (client) => void join(client)).listen(0, host);
  await once(balancer, 'listening');
  const { port } = balancer.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${host}:${port}`,
    async close() {
      const closed = once(balancer, 'close');
      balancer.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** The first program that takes the connection. */
async function reach(ports: readonly number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const socket = connect({ port, host, noDelay: true });
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (isThere) return socket;
  }
  return undefined;
}
