/** The server's own configuration for one node with a file, on free ports. */
export function toTemporalConfig(path: string, ports: readonly number[]): string {
  const [frontend, http, ...others] = ports;
  const [history, matching, worker, ...members] = others;
  const toService = (name: string, port: number | undefined, member: number | undefined) =>
    `  ${name}:
    rpc: { grpcPort: ${port}, membershipPort: ${member}, bindOnLocalHost: true${name === 'frontend' ? `, httpPort: ${http}` : ''} }`;
  const store = `
      sql:
        pluginName: sqlite
        databaseName: "${path}"
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: { cache: private, setup: true, journal_mode: wal, synchronous: 2 }
        maxConns: 1
        maxIdleConns: 1
        maxConnLifetime: 1h`;
  return `log: { stdout: true, level: error }
persistence:
  defaultStore: main
  visibilityStore: visible
  numHistoryShards: 1
  datastores:
    main:${store}
    visible:${store}
global:
  membership: { maxJoinDuration: 30s, broadcastAddress: 127.0.0.1 }
services:
${toService('frontend', frontend, members[0])}
${toService('history', history, members[1])}
${toService('matching', matching, members[2])}
${toService('worker', worker, members[3])}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active:
      enabled: true
      initialFailoverVersion: 1
      rpcName: frontend
      rpcAddress: 127.0.0.1:${frontend}
      httpAddress: 127.0.0.1:${http}
dcRedirectionPolicy: { policy: noop }
`;
}
