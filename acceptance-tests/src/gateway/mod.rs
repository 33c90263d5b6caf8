//! Load balancers and ingress gateways that answer real HTTP.
