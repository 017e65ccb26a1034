"""The durable goal executor: domain, ports, engine, and the adapters that the composition root plugs in."""
