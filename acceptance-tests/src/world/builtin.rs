//! The worlds that come with the simulator.

use sha2::{Digest, Sha256};

use super::{
    Account, Cluster, ClusterKind, Domain, LoadBalancer, NetworkKind, Role, Subnet, Vpc, World,
};

/// Home region of the built-in worlds.
pub const REGION: &str = "ap-guangzhou";

/// Most members that [`World::with_members`] has ranges for.
pub const MAX_MEMBERS: usize = 120;

impl World {
    /// The world `two-accounts`: a hub with two managed clusters, and one
    /// member with an independent cluster.
    pub fn two_accounts() -> Self {
        Self { name: "two-accounts".to_owned(), ..Self::with_members(1) }
    }

    /// A hub account with one network and two managed clusters, and `members`
    /// accounts (at most [`MAX_MEMBERS`]) with one network and one independent
    /// cluster each. No two ranges overlap. The same number gives the same
    /// world, and a smaller world is part of every larger one.
    pub fn with_members(members: usize) -> Self {
        let members = members.min(MAX_MEMBERS);
        let mut world = Self {
            name: format!("{}-accounts", members + 1),
            accounts: vec![account("hub", 0)],
            vpcs: vec![vpc("hub", 0)],
            clusters: vec![
                cluster("hub", "hub-1", 0, ClusterKind::Managed, 0),
                cluster("hub", "hub-2", 0, ClusterKind::Managed, 1),
            ],
            domains: vec![Domain {
                name: "example.com".to_owned(),
                account: "hub".to_owned(),
                id: 90_000_001,
                grade: "DP_FREE".to_owned(),
            }],
            load_balancers: vec![LoadBalancer {
                id: id("lb", "hub existing"),
                name: "existing".to_owned(),
                account: "hub".to_owned(),
                region: REGION.to_owned(),
                vpc_id: id("vpc", "hub"),
                vip: None,
            }],
        };
        let hub_uin = world.accounts[0].uin.clone();
        for n in 1..=members {
            // The first member needs no number in the usual case of two accounts.
            let name = if n == 1 { "member".to_owned() } else { format!("member-{n}") };
            let mut member = account(&name, n);
            member.roles = vec![Role {
                name: "crossmesh".to_owned(),
                trusts: vec![hub_uin.clone()],
                trusts_oidc: Vec::new(),
                external_id: None,
                allow: vec!["*".to_owned()],
                max_session_seconds: 43_200,
            }];
            world.accounts.push(member);
            world.vpcs.push(vpc(&name, n));
            let title = format!("{name}-1");
            world.clusters.push(cluster(&name, &title, n, ClusterKind::Independent, n + 1));
        }
        world
    }
}

fn account(name: &str, index: usize) -> Account {
    Account {
        name: name.to_owned(),
        uin: format!("{}", 100_010_000_001_u64 + 1_001 * index as u64),
        app_id: 1_250_000_001 + 1_001 * index as u64,
        secret_id: format!("AKID{}", letters(&format!("secret id of {name}"), 32, MIXED)),
        secret_key: letters(&format!("secret key of {name}"), 32, MIXED),
        allow: vec!["*".to_owned()],
        roles: Vec::new(),
        oidc_providers: Vec::new(),
        closed_products: Vec::new(),
    }
}

/// Network `index` has 10.`index`.0.0/16.
fn vpc(account: &str, index: usize) -> Vpc {
    let subnet = |n: usize| Subnet {
        id: id("subnet", &format!("{account} {n}")),
        name: format!("{account}-{n}"),
        zone: format!("{REGION}-{}", n + 2),
        cidr: format!("10.{index}.{}.0/20", 16 * n),
    };
    Vpc {
        id: id("vpc", account),
        name: account.to_owned(),
        account: account.to_owned(),
        region: REGION.to_owned(),
        cidr: format!("10.{index}.0.0/16"),
        assistant_cidrs: Vec::new(),
        subnets: vec![subnet(1), subnet(2)],
    }
}

/// Cluster `block` has the `block`-th /19 of 172.16.0.0/12 for pods and the
/// `block`-th /24 of 192.168.0.0/16 for services.
fn cluster(
    account: &str,
    name: &str,
    vpc_index: usize,
    kind: ClusterKind,
    block: usize,
) -> Cluster {
    debug_assert!(vpc_index < 256 && block < 128);
    Cluster {
        id: id("cls", name),
        name: name.to_owned(),
        account: account.to_owned(),
        region: REGION.to_owned(),
        kind,
        network: NetworkKind::GlobalRouter,
        vpc_id: id("vpc", account),
        subnet_id: id("subnet", &format!("{account} 1")),
        cluster_cidr: format!("172.{}.{}.0/19", 16 + block / 8, 32 * (block % 8)),
        service_cidr: format!("192.168.{block}.0/24"),
        version: "1.30.0".to_owned(),
        nodes: 3,
        kubeconfig_path: None,
        clb_vip: None,
    }
}

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// An id of the cloud's form (`vpc-` and eight characters) that is the same in every run.
pub(crate) fn id(prefix: &str, of: &str) -> String {
    format!("{prefix}-{}", letters(&format!("{prefix} {of}"), 8, LOWER))
}

/// `count` (at most 32) characters of `alphabet` that depend on `seed` alone.
fn letters(seed: &str, count: usize, alphabet: &[u8]) -> String {
    Sha256::digest(seed.as_bytes())
        .iter()
        .take(count)
        .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_world_is_consistent() {
        let world = World::with_members(MAX_MEMBERS);
        world.check().unwrap();
        assert_eq!(world.accounts.len(), MAX_MEMBERS + 1);
        assert_eq!(world.clusters.len(), MAX_MEMBERS + 2);
    }

    #[test]
    fn smaller_world_is_part_of_larger() {
        let small = World::two_accounts();
        let large = World::with_members(5);
        assert_eq!(small.accounts[..], large.accounts[..2]);
        assert_eq!(small.clusters[..], large.clusters[..3]);
    }

    #[test]
    fn keys_look_like_the_clouds() {
        let world = World::two_accounts();
        for account in &world.accounts {
            assert_eq!(account.secret_id.len(), 36);
            assert_eq!(account.secret_key.len(), 32);
            assert_eq!(account.uin.len(), 12);
        }
    }

    #[test]
    fn json_round_trip() {
        let world = World::with_members(3);
        let text = serde_json::to_string(&world).unwrap();
        assert_eq!(World::from_json(&text).unwrap(), world);
    }
}
