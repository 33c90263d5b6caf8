#!/usr/bin/env python3
"""The official SDK as an independent client of the simulated cloud.

Needs the line that the simulator prints when it is ready in the environment
variable CROSSMESH_SIM. `cargo test -p acceptance-tests --test python_sdk` sets it.
"""

import json
import os
import unittest

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from simulated import REGION, Account, wait_until

READY = json.loads(os.environ["CROSSMESH_SIM"])


def account(name, **options):
    row = next(a for a in READY["accounts"] if a["name"] == name)
    return Account(READY["endpoint"], row["secret_id"], row["secret_key"], uin=row["uin"], **options)


class Case(unittest.TestCase):
    def setUp(self):
        self.hub = account("hub")
        self.member = account("member")

    def refused(self, code, call, *arguments, **params):
        with self.assertRaises(TencentCloudSDKException) as caught:
            call(*arguments, **params)
        self.assertEqual(caught.exception.get_code(), code)
        self.assertTrue(caught.exception.get_request_id())

    def network(self, owner):
        """The id of the first network of an account."""
        return owner.call("vpc:DescribeVpcs").VpcSet[0].VpcId

    def create_ccn(self):
        ccn = self.hub.call("vpc:CreateCcn", CcnName="sdk", Tags=[{"Key": "by", "Value": "sdk"}]).Ccn.CcnId
        self.addCleanup(self.hub.call, "vpc:DeleteCcn", CcnId=ccn)
        return ccn

    def attach(self, ccn, owner, **params):
        """Attaches an account's network; returns the instance."""
        instance = {"InstanceId": self.network(owner), "InstanceRegion": REGION, "InstanceType": "VPC"}
        owner.call("vpc:AttachCcnInstances", CcnId=ccn, Instances=[instance], **params)
        return instance

    def state(self, reader, ccn, instance):
        rows = reader.call(
            "vpc:DescribeCcnAttachedInstances",
            CcnId=ccn,
            Filters=[{"Name": "instance-id", "Values": [instance["InstanceId"]]}],
        ).InstanceSet
        return rows[0].State if rows else "gone"

    def detach(self, owner, ccn, instance):
        owner.call("vpc:DetachCcnInstances", CcnId=ccn, Instances=[instance])
        wait_until("gone", lambda: self.state(owner, ccn, instance))


class Access(Case):
    def test_a_key_is_its_account(self):
        for who in (self.hub, self.member):
            self.assertEqual(who.call("sts:GetCallerIdentity").AccountId, who.uin)

    def test_signatures_are_checked(self):
        row = READY["accounts"][0]
        wrong = Account(READY["endpoint"], row["secret_id"], "x" * 32)
        self.refused("AuthFailure.SignatureFailure", wrong.call, "vpc:DescribeCcns")
        unknown = Account(READY["endpoint"], "AKID" + "x" * 32, row["secret_key"])
        self.refused("AuthFailure.SecretIdNotFound", unknown.call, "vpc:DescribeCcns")

    def test_unmodified_host_names_through_a_proxy(self):
        proxied = account("hub", proxied=True)
        self.assertEqual(proxied.call("sts:GetCallerIdentity").AccountId, self.hub.uin)
        self.assertEqual(proxied.call("tke:DescribeClusters").TotalCount, 2)
        self.assertTrue(proxied.call("dnspod:DescribeDomainList").DomainList)
        self.refused("ResourceNotFound", proxied.call, "tcm:DescribeMesh", MeshId="mesh-none")

    def test_a_role_of_another_account(self):
        arn = f"qcs::cam::uin/{self.member.uin}:roleName/crossmesh"
        answer = self.hub.call("sts:AssumeRole", RoleArn=arn, RoleSessionName="sdk")
        keys = answer.Credentials
        assumed = Account(READY["endpoint"], keys.TmpSecretId, keys.TmpSecretKey, keys.Token)
        self.assertEqual(assumed.call("sts:GetCallerIdentity").AccountId, self.member.uin)
        self.assertEqual(self.network(assumed), self.network(self.member))
        forged = Account(READY["endpoint"], keys.TmpSecretId, keys.TmpSecretKey, "forged")
        self.refused("AuthFailure.TokenFailure", forged.call, "vpc:DescribeCcns")

    def test_wrong_parameters_are_refused(self):
        call = self.hub.call_unpublished
        self.refused("UnknownParameter", call, "vpc", "2017-03-12", "CreateCcn", CcnName="a", Name="b")
        self.refused("MissingParameter", call, "vpc", "2017-03-12", "CreateCcn")
        self.refused("InvalidParameter", call, "vpc", "2017-03-12", "CreateCcn", CcnName=5)
        self.refused("InvalidAction", call, "vpc", "2017-03-12", "CreateCnn", CcnName="a")
        self.refused("NoSuchVersion", call, "vpc", "2017-03-13", "CreateCcn", CcnName="a")


class CloudConnectNetwork(Case):
    def test_life(self):
        ccn = self.hub.call("vpc:CreateCcn", CcnName="life", CcnDescription="d").Ccn.CcnId
        self.hub.call("vpc:ModifyCcnAttribute", CcnId=ccn, CcnName="lives")
        found = self.hub.call("vpc:DescribeCcns", CcnIds=[ccn]).CcnSet
        self.assertEqual([(c.CcnName, c.State) for c in found], [("lives", "AVAILABLE")])
        named = [{"Name": "ccn-name", "Values": ["lives"]}]
        self.assertEqual(self.member.call("vpc:DescribeCcns", Filters=named).TotalCount, 0)
        self.hub.call("vpc:DeleteCcn", CcnId=ccn)
        self.refused("ResourceNotFound", self.hub.call, "vpc:DeleteCcn", CcnId=ccn)
        self.assertEqual(self.hub.call("vpc:DescribeCcns", Filters=named).CcnSet, [])

    def test_own_network(self):
        ccn = self.create_ccn()
        instance = self.attach(ccn, self.hub)
        seen = wait_until("ACTIVE", lambda: self.state(self.hub, ccn, instance))
        self.assertEqual(seen[0], "ATTACHING")
        code = "UnsupportedOperation.CcnAttached"
        self.refused(code, self.attach, ccn, self.hub)
        routes = self.hub.call("vpc:DescribeCcnRoutes", CcnId=ccn).RouteSet
        self.assertTrue(routes and all(route.Enabled for route in routes))
        tables = self.hub.call("vpc:DescribeRouteTables").RouteTableSet
        self.assertTrue(tables)
        self.assertTrue(self.hub.call("vpc:DescribeSubnets").SubnetSet)
        code = "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn"
        self.refused(code, self.hub.call, "vpc:DeleteCcn", CcnId=ccn)
        self.detach(self.hub, ccn, instance)

    def test_network_of_another_account(self):
        ccn = self.create_ccn()
        instance = self.attach(ccn, self.member, CcnUin=self.hub.uin)
        for side in (self.hub, self.member):
            wait_until("PENDING", lambda: self.state(side, ccn, instance))
        self.refused("ResourceNotFound", self.member.call, "vpc:AcceptAttachCcnInstances", CcnId=ccn, Instances=[instance])
        self.hub.call("vpc:AcceptAttachCcnInstances", CcnId=ccn, Instances=[instance])
        for side in (self.hub, self.member):
            wait_until("ACTIVE", lambda: self.state(side, ccn, instance))
        self.detach(self.member, ccn, instance)

    def test_rejected_application(self):
        ccn = self.create_ccn()
        instance = self.attach(ccn, self.member, CcnUin=self.hub.uin)
        wait_until("PENDING", lambda: self.state(self.hub, ccn, instance))
        self.hub.call("vpc:RejectAttachCcnInstances", CcnId=ccn, Instances=[instance])
        self.assertEqual(self.state(self.member, ccn, instance), "REJECTED")
        code = "UnsupportedOperation.NotPendingCcnInstance"
        self.refused(code, self.hub.call, "vpc:AcceptAttachCcnInstances", CcnId=ccn, Instances=[instance])
        self.detach(self.member, ccn, instance)

    def test_bandwidth(self):
        ccn = self.create_ccn()
        instance = self.attach(ccn, self.hub)
        wait_until("ACTIVE", lambda: self.state(self.hub, ccn, instance))
        limit = {"Region": REGION, "BandwidthLimit": 100}
        self.hub.call("vpc:SetCcnRegionBandwidthLimits", CcnId=ccn, CcnRegionBandwidthLimits=[limit])
        set_ = self.hub.call("vpc:DescribeCcnRegionBandwidthLimits", CcnId=ccn).CcnRegionBandwidthLimitSet
        self.assertEqual([(row.Region, row.BandwidthLimit) for row in set_], [(REGION, 100)])
        self.hub.call("vpc:GetCcnRegionBandwidthLimits", CcnId=ccn)
        self.hub.call("vpc:DescribeCcnRouteTables", Filters=[{"Name": "ccn-id", "Values": [ccn]}])
        self.detach(self.hub, ccn, instance)

    def test_tags(self):
        ccn = self.create_ccn()
        name = f"qcs::vpc:{REGION}:uin/{self.hub.uin}:ccn/{ccn}"
        self.hub.call("tag:ModifyResourceTags", Resource=name, ReplaceTags=[{"TagKey": "a", "TagValue": "b"}])
        self.hub.call("tag:TagResources", ResourceList=[name], Tags=[{"TagKey": "c", "TagValue": "d"}])
        self.hub.call("tag:UnTagResources", ResourceList=[name], TagKeys=["by"])
        found = self.hub.call("tag:GetResources", ResourceList=[name]).ResourceTagMappingList
        self.assertEqual([(t.TagKey, t.TagValue) for t in found[0].Tags], [("a", "b"), ("c", "d")])
        tags = self.hub.call("vpc:DescribeCcns", CcnIds=[ccn]).CcnSet[0].TagSet
        self.assertEqual([(tag.Key, tag.Value) for tag in tags], [("a", "b"), ("c", "d")])


class Clusters(Case):
    def test_clusters_and_their_endpoints(self):
        for cluster in self.hub.call("tke:DescribeClusters").Clusters:
            self.assertEqual(cluster.ClusterStatus, "Running")
            self.hub.call("tke:DescribeClusterInstances", ClusterId=cluster.ClusterId)
            status = self.hub.call("tke:DescribeClusterEndpointStatus", ClusterId=cluster.ClusterId)
            self.assertEqual(status.Status, "Created")
            code = "InvalidParameter.ClusterNotFound"
            self.refused(code, self.member.call, "tke:DescribeClusterKubeconfig", ClusterId=cluster.ClusterId)
        self.assertEqual(self.hub.call("tke:DescribeClusterStatus").TotalCount, 2)
        self.assertEqual(self.hub.call("tke:DescribeEKSClusters").TotalCount, 0)

    @unittest.skipUnless(any(c.get("kubeconfig") for c in READY["clusters"]), "the clusters have no API servers")
    def test_credentials(self):
        cluster = self.hub.call("tke:DescribeClusters").Clusters[0].ClusterId
        answer = self.hub.call("tke:DescribeClusterKubeconfig", ClusterId=cluster, IsExtranet=True)
        self.assertIn("server: https://127.0.0.1:", answer.Kubeconfig)
        self.hub.call("tke:AcquireClusterAdminRole", ClusterId=cluster)
        self.hub.call("tke:DescribeClusterSecurity", ClusterId=cluster)
        self.hub.call("tke:DescribeClusterEndpoints", ClusterId=cluster)

    def test_unpublished_actions(self):
        cluster = self.hub.call("tke:DescribeClusters").Clusters[0]
        network = cluster.ClusterNetworkSettings
        params = {"VpcId": network.VpcId, "ClusterCIDR": network.ClusterCIDR}
        ccn = self.create_ccn()
        instance = self.attach(ccn, self.hub)
        wait_until("ACTIVE", lambda: self.state(self.hub, ccn, instance))
        tke = lambda action, **params: self.hub.call_unpublished("tke", "2018-05-25", action, **params)
        self.assertEqual(tke("DescribeCcnRoutes", **params)["RouteSet"], [])
        tke("AddClusterCIDRToCcn", **params)
        self.assertEqual(len(tke("DescribeCcnRoutes", **params)["RouteSet"]), 1)
        tke("DeleteClusterCIDRFromCcn", **params)
        self.detach(self.hub, ccn, instance)

    def test_hub_cluster(self):
        tdcc = lambda action, **params: self.hub.call_unpublished("tdcc", "2022-01-25", action, **params)
        subnet = self.hub.call("vpc:DescribeSubnets").SubnetSet[0]
        hub = tdcc("CreateHubCluster", VpcId=subnet.VpcId, SubnetId=subnet.SubnetId)["ClusterId"]
        status = lambda: tdcc("DescribeHubClusters", ClusterIds=[hub])["Clusters"][0]["Status"]
        self.assertEqual(wait_until("Running", status)[0], "Initializing")
        member = tdcc("CreateExternalCluster", ClusterName="sdk", HubClusterId=hub)["ClusterId"]
        spec = tdcc("DescribeExternalClusterSpec", ClusterId=member)
        self.assertIn("kind: Deployment", spec["Spec"])
        row = tdcc("DescribeExternalClusters", ClusterIds=[member])["Clusters"][0]
        self.assertEqual(row["Status"], "WaittingForConnect")
        tdcc("DeleteExternalCluster", ClusterId=member)
        wait_until([], lambda: tdcc("DescribeExternalClusters", ClusterIds=[member])["Clusters"])
        tdcc("DeleteHubCluster", ClusterId=hub)
        wait_until([], lambda: tdcc("DescribeHubClusters", ClusterIds=[hub])["Clusters"])


class Mesh(Case):
    CONFIG = {"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY"}}

    def create(self):
        mesh = self.hub.call(
            "tcm:CreateMesh", DisplayName="sdk", MeshVersion="1.18.5", Type="HOSTED", Config=self.CONFIG
        ).MeshId
        wait_until("RUNNING", lambda: self.describe(mesh).State)
        return mesh

    def describe(self, mesh):
        return self.hub.call("tcm:DescribeMesh", MeshId=mesh).Mesh

    def delete(self, mesh):
        self.hub.call("tcm:DeleteMesh", MeshId=mesh)

        def look():
            try:
                return self.describe(mesh).State
            except TencentCloudSDKException as error:
                return error.get_code()

        wait_until("ResourceNotFound", look)

    def cluster(self, index=0):
        row = self.hub.call("tke:DescribeClusters").Clusters[index]
        network = row.ClusterNetworkSettings
        return {
            "ClusterId": row.ClusterId,
            "Region": REGION,
            "Role": "MASTER",
            "VpcId": network.VpcId,
            "SubnetId": network.SubnetId,
            "Type": "TKE",
        }

    def link_state(self, mesh, cluster):
        rows = self.describe(mesh).ClusterList
        states = [row.Status.LinkState for row in rows if row.ClusterId == cluster["ClusterId"]]
        return states[0] if states else "gone"

    def unlink(self, mesh, cluster):
        self.hub.call("tcm:UnlinkCluster", MeshId=mesh, ClusterId=cluster["ClusterId"])
        wait_until("gone", lambda: self.link_state(mesh, cluster))

    def test_life(self):
        mesh = self.create()
        self.hub.call("tcm:ModifyMesh", MeshId=mesh, DisplayName="new")
        self.assertEqual(self.describe(mesh).DisplayName, "new")
        listed = self.hub.call("tcm:DescribeMeshList", Filters=[{"Name": "MeshId", "Values": [mesh]}])
        self.assertEqual([m.MeshId for m in listed.MeshList], [mesh])
        self.refused("ResourceNotFound", self.member.call, "tcm:DescribeMesh", MeshId=mesh)
        self.delete(mesh)

    def test_links(self):
        mesh, cluster = self.create(), self.cluster()
        self.hub.call("tcm:LinkClusterList", MeshId=mesh, ClusterList=[cluster])
        seen = wait_until("LINKED", lambda: self.link_state(mesh, cluster))
        self.assertEqual(seen[0], "LINKING")
        self.refused("OperationDenied", self.hub.call, "tcm:DeleteMesh", MeshId=mesh)
        self.unlink(mesh, cluster)
        self.delete(mesh)

    def test_failed_link(self):
        mesh, cluster = self.create(), self.cluster()
        cluster["ClusterId"] = "cls-unknown"
        self.hub.call("tcm:LinkClusterList", MeshId=mesh, ClusterList=[cluster])
        wait_until("LINK_FAILED", lambda: self.link_state(mesh, cluster))
        detail = self.describe(mesh).ClusterList[0].Status.LinkErrorDetail
        self.assertEqual(detail, "CheckError: cluster cls-unknown not found")
        self.unlink(mesh, cluster)
        self.delete(mesh)

    def test_ingress_gateway(self):
        mesh, cluster = self.create(), self.cluster(1)
        self.hub.call("tcm:LinkClusterList", MeshId=mesh, ClusterList=[cluster])
        wait_until("LINKED", lambda: self.link_state(mesh, cluster))
        gateway = {
            "Name": "istio-ingressgateway",
            "Namespace": "istio-system",
            "ClusterId": cluster["ClusterId"],
            "Service": {"Type": "LoadBalancer"},
            "Workload": {"Replicas": 1},
        }
        config = {"AutoInjectionNamespaceList": [], "IngressGatewayList": [gateway]}
        self.hub.call("tcm:ModifyMesh", MeshId=mesh, ClusterList=[{**cluster, "Config": config}])
        shown = lambda: self.describe(mesh).ClusterList[0].Config.IngressGatewayList[0].Status
        wait_until("running", lambda: shown().State)
        balancer = shown().LoadBalancer
        found = self.hub.call("clb:DescribeLoadBalancers", LoadBalancerIds=[balancer.LoadBalancerId])
        self.assertEqual(found.LoadBalancerSet[0].LoadBalancerVips, [balancer.LoadBalancerVip])
        self.unlink(mesh, cluster)
        found = self.hub.call("clb:DescribeLoadBalancers", LoadBalancerIds=[balancer.LoadBalancerId])
        self.assertEqual(found.TotalCount, 0)
        self.delete(mesh)


class Dns(Case):
    RECORD = {"Domain": "example.com", "SubDomain": "sdk", "RecordType": "CNAME", "RecordLine": "默认"}

    def test_records(self):
        self.assertEqual(self.hub.call("dnspod:DescribeDomain", Domain="example.com").DomainInfo.Status, "ENABLE")
        made = self.hub.call("dnspod:CreateRecord", Value="lb.example.net", **self.RECORD).RecordId
        info = self.hub.call("dnspod:DescribeRecord", Domain="example.com", RecordId=made).RecordInfo
        self.assertEqual(info.Value, "lb.example.net.")
        code = "InvalidParameter.DomainRecordExist"
        self.refused(code, self.hub.call, "dnspod:CreateRecord", Value="lb.example.net", **self.RECORD)

        def listed():
            found = self.hub.call(
                "dnspod:DescribeRecordList", Domain="example.com", Subdomain="sdk", ErrorOnEmpty="no"
            )
            return [row.RecordId for row in found.RecordList]

        wait_until([made], listed)
        self.hub.call("dnspod:ModifyRecord", RecordId=made, Value="lb2.example.net", TTL=900, **self.RECORD)
        info = self.hub.call("dnspod:DescribeRecord", Domain="example.com", RecordId=made).RecordInfo
        self.assertEqual((info.Value, info.TTL), ("lb2.example.net.", 900))
        self.hub.call("dnspod:DeleteRecord", Domain="example.com", RecordId=made)
        self.assertEqual(listed(), [])
        code = "InvalidParameter.RecordIdInvalid"
        self.refused(code, self.hub.call, "dnspod:DescribeRecord", Domain="example.com", RecordId=made)

    def test_domain_of_another_account(self):
        self.assertEqual(self.member.call("dnspod:DescribeDomainList").DomainList, [])
        code = "OperationDenied.NoPermissionToOperateDomain"
        self.refused(code, self.member.call, "dnspod:CreateRecord", Value="a.b", **self.RECORD)


if __name__ == "__main__":
    unittest.main()
