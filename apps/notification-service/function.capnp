# The function on a workerd of one's own: the folder and the address are given at the start, the settings by the environment.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "function", worker = .function),
    (name = "data", disk = (writable = true)),
    # A collector may stand on a private network.
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", http = (), service = "function")],
);

const function :Workerd.Worker = (
  modules = [(name = "function.js", esModule = embed "/function.js")],
  compatibilityDate = "2026-11-17",
  durableObjectNamespaces = [(className = "Instance", uniqueKey = "notification-service", enableSql = true)],
  durableObjectStorage = (localDisk = "data"),
  bindings = [
    (name = "INSTANCES", durableObjectNamespace = "Instance"),
    (name = "ALLOWED_HOSTS", fromEnvironment = "ALLOWED_HOSTS"),
    (name = "OTEL_EXPORTER_OTLP_ENDPOINT", fromEnvironment = "OTEL_EXPORTER_OTLP_ENDPOINT"),
  ],
);
