resource "crossmesh_kubernetes_manifests" "echo" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  manifests = <<-YAML
    apiVersion: v1
    kind: Namespace
    metadata:
      name: echo
      labels:
        istio-injection: enabled
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: echo
      namespace: echo
    spec:
      replicas: 2
      selector:
        matchLabels: { app: echo }
      template:
        metadata:
          labels: { app: echo }
        spec:
          containers:
            - name: echo
              image: hashicorp/http-echo:1.0
              args: ["-listen=:8080", "-text=hello"]
              ports:
                - containerPort: 8080
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: echo
      namespace: echo
    spec:
      selector: { app: echo }
      ports:
        - port: 80
          targetPort: 8080
  YAML

  timeouts = {
    create = "5m"
  }
}
