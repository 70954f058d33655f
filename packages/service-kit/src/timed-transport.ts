import type { Metrics } from '@baton/telemetry';
import type { Transport } from './transport.ts';

export interface Measured {
  readonly metrics?: Pick<Metrics, 'startCall'> | undefined;
  /** The server's name in the figures, where its host does not tell. */
  readonly name?: string | undefined;
}

/** Every exchange is one observation, however it ended. */
export function timeTransport(transport: Transport, { metrics, name }: Measured): Transport {
  if (!metrics) return transport;
  const { peer } = transport;
  const server = { address: name ?? peer?.address ?? '', port: peer?.port };
  const exchange: Transport['exchange'] = async (call) => {
    const { method, path } = call.operation;
    const observe = metrics.startCall({ method, route: path, ...server });
    const result = await transport.exchange(call);
    observe(
      result.kind === 'response' ? { status: result.response.status } : { error: result.code },
    );
    return result;
  };
  return { ...transport, exchange };
}
