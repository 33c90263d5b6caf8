//! The manifests of the registration agent, as `DescribeExternalClusterSpec`
//! hands them out: what Clusternet's agent consists of, in an order in which
//! `kubectl apply` works at once.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The agent of registration `cluster_id`, which registers at `parent_url`
/// with `token`: one multi-document YAML.
pub(super) fn render(parent_url: &str, token: &str, cluster_id: &str) -> String {
    let secret = format!(
        "\
apiVersion: v1
kind: Secret
metadata:
  name: clusternet-agent-cluster-registration
  namespace: clusternet-system
type: Opaque
data:
  parentURL: {}
  regToken: {}
",
        STANDARD.encode(parent_url),
        STANDARD.encode(token)
    );
    let labels = format!("tdcc.cloud.tencent.com/cluster-id={cluster_id}");
    let agent = DEPLOYMENT.replace("$CLUSTER_LABELS", &labels);
    let exports = crd("ServiceExport", "svcex");
    let imports = crd("ServiceImport", "svcim");
    let documents = [ACCOUNTS, &secret, RBAC, &exports, &imports, &agent];
    documents.join("---\n")
}

const ACCOUNTS: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: clusternet-system
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: clusternet-agent
  namespace: clusternet-system
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: clusternet-app-deployer
  namespace: clusternet-system
---
apiVersion: v1
kind: Secret
metadata:
  name: clusternet-app-deployer
  namespace: clusternet-system
  annotations:
    kubernetes.io/service-account.name: clusternet-app-deployer
type: kubernetes.io/service-account-token
";

const RBAC: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: clusternet:agent:admin
  namespace: clusternet-system
rules:
- apiGroups: ['*']
  resources: ['*']
  verbs: ['*']
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: clusternet:agent:admin
  namespace: clusternet-system
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: clusternet:agent:admin
subjects:
- kind: ServiceAccount
  name: clusternet-agent
  namespace: clusternet-system
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: clusternet:agent:admin
rules:
- apiGroups: ['']
  resources: [pods, nodes]
  verbs: [get, list, watch]
- apiGroups: [metrics.k8s.io]
  resources: [pods, nodes]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [multicluster.x-k8s.io]
  resources: [serviceexports]
  verbs: [get, list, watch, update, patch]
- nonResourceURLs: ['*']
  verbs: ['*']
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: clusternet:agent:admin
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: clusternet:agent:admin
subjects:
- kind: ServiceAccount
  name: clusternet-agent
  namespace: clusternet-system
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: clusternet:app:deployer
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
- kind: ServiceAccount
  name: clusternet-app-deployer
  namespace: clusternet-system
";

/// A CRD of the multi-cluster services group, with an open schema.
fn crd(kind: &str, short: &str) -> String {
    let singular = kind.to_lowercase();
    format!(
        "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {singular}s.multicluster.x-k8s.io
spec:
  group: multicluster.x-k8s.io
  scope: Namespaced
  names:
    kind: {kind}
    plural: {singular}s
    singular: {singular}
    shortNames: [{short}]
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources:
      status: {{}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
"
    )
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: clusternet-agent
  namespace: clusternet-system
  labels:
    app: clusternet-agent
spec:
  replicas: 3
  selector:
    matchLabels:
      app: clusternet-agent
  template:
    metadata:
      labels:
        app: clusternet-agent
    spec:
      serviceAccountName: clusternet-agent
      tolerations:
      - key: node-role.kubernetes.io/master
        operator: Exists
      containers:
      - name: clusternet-agent
        image: ccr.ccs.tencentyun.com/tdccimages/clusternet-agent:v0.18.0
        imagePullPolicy: IfNotPresent
        env:
        - name: PARENT_URL
          valueFrom:
            secretKeyRef:
              name: clusternet-agent-cluster-registration
              key: parentURL
        - name: REG_TOKEN
          valueFrom:
            secretKeyRef:
              name: clusternet-agent-cluster-registration
              key: regToken
        - name: AGENT_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        command:
        - /usr/local/bin/clusternet-agent
        - --cluster-reg-token=$(REG_TOKEN)
        - --cluster-reg-parent-url=$(PARENT_URL)
        - --cluster-labels=$CLUSTER_LABELS
        - --leader-elect=true
        - --leader-elect-resource-namespace=$(AGENT_NAMESPACE)
        - --feature-gates=SocketConnection=true,AppPusher=true
        - --cluster-sync-mode=Dual
";

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn documents() -> Vec<Value> {
        let text = render("https://hub.example", "abcdef.0123456789abcdef", "cls-1");
        let documents = text.split("---\n");
        documents.map(|text| serde_saphyr::from_str(text).unwrap()).collect()
    }

    #[test]
    fn has_every_part_of_an_agent() {
        let kinds: Vec<String> =
            documents().iter().map(|d| d["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds[0], "Namespace");
        let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
        for (kind, wanted) in [
            ("ServiceAccount", 2),
            ("Secret", 2),
            ("Role", 1),
            ("RoleBinding", 1),
            ("ClusterRole", 1),
            ("ClusterRoleBinding", 2),
            ("CustomResourceDefinition", 2),
            ("Deployment", 1),
        ] {
            assert_eq!(count(kind), wanted, "{kind}");
        }
    }

    #[test]
    fn secret_holds_url_and_token() {
        let documents = documents();
        let secret = documents
            .iter()
            .find(|d| d["metadata"]["name"] == "clusternet-agent-cluster-registration")
            .unwrap();
        let decoded = |key: &str| {
            let text = secret["data"][key].as_str().unwrap();
            String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
        };
        assert_eq!(decoded("parentURL"), "https://hub.example");
        assert_eq!(decoded("regToken"), "abcdef.0123456789abcdef");
    }
}
