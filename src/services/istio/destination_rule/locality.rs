//! Shares between regions and zones.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

/// Labels that hold the place of a workload.
const PLACES: &[&str] =
    &["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// Shares between regions and zones: `distribute`, or where requests go if hosts
/// fail: `failover`, `failover_priority`.
#[derive(Clone, Model)]
pub(crate) struct LocalitySettings {
    /// Shares by where the client is. A client that none is for goes to its own
    /// place first.
    #[attr(optional)]
    pub distribute: Tf<Vec<Distribute>>,

    /// Region that takes over for another. Needs `outlier_detection`.
    #[attr(optional)]
    pub failover: Tf<Vec<Failover>>,

    /// Labels in the order in which a host should be like the client: the more
    /// of the first it has in common, the sooner it is taken. Also with a value
    /// (`label=value`). Needs `outlier_detection`.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub failover_priority: Tf<Vec<String>>,

    /// Whether places matter at all. Default: what the mesh says, true.
    #[attr(optional)]
    pub enabled: Tf<bool>,
}

/// Shares of the clients of one place.
#[derive(Clone, Model)]
pub(crate) struct Distribute {
    /// Where the clients are: region, zone and sub-zone with `/` between them;
    /// `*` stands for the rest.
    #[attr(optional)]
    pub from: Tf<String>,

    /// Percent by the places that requests go to, 1 to 100, with 100 as their
    /// sum.
    #[attr(optional, validate(validators::each(validators::range(1..=100))))]
    pub to: Tf<BTreeMap<String, i64>>,
}

/// A region that takes over for another.
#[derive(Clone, Model)]
pub(crate) struct Failover {
    /// The region that fails.
    #[attr(optional)]
    pub from: Tf<String>,

    /// The region that takes over.
    #[attr(optional)]
    pub to: Tf<String>,
}

impl LocalitySettings {
    /// Checks places and shares; `ejects` says whether failing hosts are left
    /// out, where that is known.
    pub(super) fn check(&self, ejects: Option<bool>, path: &Path, diagnostics: &mut Diagnostics) {
        self.one_way(path, diagnostics);
        self.shares(&path.attribute("distribute"), diagnostics);
        self.failovers(&path.attribute("failover"), diagnostics);
        let given = [
            ("failover", !self.failover.items().is_empty()),
            ("failover_priority", !self.failover_priority.items().is_empty()),
        ];
        if let (Some(false), Some((name, _))) = (ejects, given.iter().find(|(_, given)| *given)) {
            diagnostics.warn_at(
                path.attribute(*name),
                "Failing hosts are not noticed",
                "Nothing takes over until hosts are left out: set `outlier_detection` beside \
                 `load_balancer`.",
            );
        }
    }

    fn one_way(&self, path: &Path, diagnostics: &mut Diagnostics) {
        if self.failover.items().is_empty() {
            return;
        }
        if !self.distribute.items().is_empty() {
            let detail = "Set either shares in `distribute`, or what takes over in `failover`.";
            diagnostics.error_at(path.attribute("failover"), "Shares and failover", detail);
        }
        for (i, label) in self.failover_priority.items().iter().enumerate() {
            if PLACES.contains(&label.as_str()) {
                let detail = format!(
                    "`failover` says already what becomes of {label:?}: remove one of them."
                );
                let path = path.attribute("failover_priority").index(i);
                diagnostics.error_at(path, "Place is there twice", detail);
            }
        }
    }

    fn shares(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let sources: Vec<(Path, &str)> = (self.distribute.items().iter().enumerate())
            .filter_map(|(i, one)| {
                Some((path.index(i).attribute("from"), one.from.known()?.as_str()))
            })
            .collect();
        places(&sources, diagnostics);
        for (i, one) in self.distribute.items().iter().enumerate() {
            let path = path.index(i).attribute("to");
            let Some(to) = one.to.known() else { continue };
            let sum: i64 = to.values().sum();
            if sum != 100 {
                let detail = format!("The percentages have the sum {sum}: make it 100.");
                diagnostics.error_at(&path, "Shares are not the whole", detail);
            }
            let targets: Vec<_> = to.keys().map(|key| (path.key(key), key.as_str())).collect();
            places(&targets, diagnostics);
        }
    }

    fn failovers(&self, path: &Path, diagnostics: &mut Diagnostics) {
        for (i, one) in self.failover.items().iter().enumerate() {
            let path = path.index(i);
            for (name, region) in [("from", &one.from), ("to", &one.to)] {
                if region.text().contains(['/', '*']) {
                    let detail =
                        format!("It is the name of a region, and not {:?}.", region.text());
                    diagnostics.error_at(path.attribute(name), "Not a region", detail);
                }
            }
            if one.from.is_known() && one.from == one.to {
                let detail = "Another region takes over for one that fails.";
                diagnostics.error_at(path.attribute("to"), "Region takes over for itself", detail);
            }
        }
    }
}

/// Places are well-formed, and none lies within another.
fn places(all: &[(Path, &str)], diagnostics: &mut Diagnostics) {
    for (i, (path, place)) in all.iter().enumerate() {
        let stars = place.matches('*').count();
        if stars > 1 || (stars == 1 && !place.ends_with('*')) {
            let detail = format!("`*` stands at the end of a place alone: {place:?}.");
            diagnostics.error_at(path, "Invalid place", detail);
        } else if place.split('/').any(str::is_empty) {
            let detail = format!("A region, zone or sub-zone is empty: {place:?}.");
            diagnostics.error_at(path, "Invalid place", detail);
        } else if let Some((_, other)) = all[..i].iter().find(|(_, other)| overlap(place, other)) {
            let detail = format!("{place:?} and {other:?} overlap. Remove one of them.");
            diagnostics.error_at(path, "Place is there twice", detail);
        }
    }
}

/// Whether two places have something in common.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches("/*"), other.trim_end_matches("/*"));
    if one == "*" || other == "*" {
        return one == other;
    }
    let mut parts = one.split('/').zip(other.split('/'));
    parts.all(|(one, other)| one == other)
}
