//! Consistency of a world: what a typing mistake in a world file would break.

use std::{collections::BTreeSet, fmt};

use ipnet::Ipv4Net;

use super::World;

/// Why a world cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldError {
    /// Not the JSON of a world.
    Json(String),
    /// Two things have one name or id.
    Duplicate(String),
    /// Something refers to what does not exist.
    Dangling(String),
    /// A range that is none, or lies outside its network.
    Range(String),
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(text) => write!(f, "the world is not valid JSON for a world: {text}"),
            Self::Duplicate(text) => write!(f, "the world has a duplicate: {text}"),
            Self::Dangling(text) => write!(f, "the world refers to what it lacks: {text}"),
            Self::Range(text) => write!(f, "the world has an unusable range: {text}"),
        }
    }
}

impl std::error::Error for WorldError {}

impl World {
    /// Checks that names and ids are unique, references resolve and ranges
    /// parse. Ranges may overlap: that is what some tests are about.
    ///
    /// # Errors
    /// The first contradiction found.
    pub fn check(&self) -> Result<(), WorldError> {
        self.check_unique()?;
        self.check_references()?;
        self.check_ranges()
    }

    fn check_unique(&self) -> Result<(), WorldError> {
        let accounts = self
            .accounts
            .iter()
            .flat_map(|a| [("account", &a.name), ("uin", &a.uin), ("secret_id", &a.secret_id)]);
        let vpcs = self.vpcs.iter().map(|v| ("vpc", &v.id));
        let subnets = self.vpcs.iter().flat_map(|v| &v.subnets).map(|s| ("subnet", &s.id));
        let clusters = self.clusters.iter().map(|c| ("cluster", &c.id));
        let domains = self.domains.iter().map(|d| ("domain", &d.name));
        let balancers = self.load_balancers.iter().map(|b| ("load balancer", &b.id));
        let mut seen = BTreeSet::new();
        for (kind, key) in
            accounts.chain(vpcs).chain(subnets).chain(clusters).chain(domains).chain(balancers)
        {
            if !seen.insert((kind, key)) {
                return Err(WorldError::Duplicate(format!("{kind} {key}")));
            }
        }
        Ok(())
    }

    fn check_references(&self) -> Result<(), WorldError> {
        let owned = self
            .vpcs
            .iter()
            .map(|v| (&v.id, &v.account))
            .chain(self.clusters.iter().map(|c| (&c.id, &c.account)))
            .chain(self.domains.iter().map(|d| (&d.name, &d.account)))
            .chain(self.load_balancers.iter().map(|b| (&b.id, &b.account)));
        for (what, account) in owned {
            if self.account(account).is_none() {
                return Err(WorldError::Dangling(format!("{what} names account {account}")));
            }
        }
        for cluster in &self.clusters {
            let Some(vpc) = self.vpc(&cluster.vpc_id) else {
                let text = format!("cluster {} names network {}", cluster.id, cluster.vpc_id);
                return Err(WorldError::Dangling(text));
            };
            if !vpc.subnets.iter().any(|s| s.id == cluster.subnet_id) {
                let text = format!("cluster {} names subnet {}", cluster.id, cluster.subnet_id);
                return Err(WorldError::Dangling(text));
            }
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), WorldError> {
        for vpc in &self.vpcs {
            let range = parse(&vpc.cidr, &vpc.id)?;
            for extra in &vpc.assistant_cidrs {
                parse(extra, &vpc.id)?;
            }
            for subnet in &vpc.subnets {
                if !range.contains(&parse(&subnet.cidr, &subnet.id)?) {
                    let text = format!("{} of {} is outside {}", subnet.cidr, subnet.id, vpc.cidr);
                    return Err(WorldError::Range(text));
                }
            }
        }
        for cluster in &self.clusters {
            for range in [&cluster.cluster_cidr, &cluster.service_cidr] {
                if !range.is_empty() {
                    parse(range, &cluster.id)?;
                }
            }
        }
        Ok(())
    }
}

fn parse(text: &str, of: &str) -> Result<Ipv4Net, WorldError> {
    text.parse().map_err(|_| WorldError::Range(format!("{text} of {of}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_id_is_named() {
        let mut world = World::two_accounts();
        world.vpcs[1].id = world.vpcs[0].id.clone();
        let error = world.check().unwrap_err();
        assert_eq!(error, WorldError::Duplicate(format!("vpc {}", world.vpcs[0].id)));
    }

    #[test]
    fn unknown_owner_is_named() {
        let mut world = World::two_accounts();
        world.domains[0].account = "nobody".to_owned();
        let error = world.check().unwrap_err().to_string();
        assert!(error.contains("example.com names account nobody"), "{error}");
    }

    #[test]
    fn subnet_outside_its_network_is_refused() {
        let mut world = World::two_accounts();
        world.vpcs[0].subnets[0].cidr = "10.9.0.0/24".to_owned();
        assert!(matches!(world.check(), Err(WorldError::Range(_))));
    }

    #[test]
    fn misspelt_field_is_refused() {
        let error = World::from_json(r#"{"accounts": [], "vpc": []}"#).unwrap_err();
        assert!(error.to_string().contains("vpc"), "{error}");
    }
}
