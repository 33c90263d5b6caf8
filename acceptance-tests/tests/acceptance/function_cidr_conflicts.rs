//! `provider::crossmesh::cidr_conflicts`

use crossmesh_sim::terraform::Action;
use serde_json::json;

use crate::setup::Stage;

fn output(ranges: &str) -> String {
    format!("output \"found\" {{\n  value = provider::crossmesh::cidr_conflicts({ranges})\n}}\n")
}

#[test]
fn ranges_of_different_owners_that_overlap_are_listed() {
    let stage = Stage::new();
    stage.apply_config(&output(
        "{ hub = [\"10.0.0.0/16\", \"fd00::/48\"], shop = [\"10.0.4.0/24\", \"10.1.0.0/16\"], \
         store = [\"fd00:0:0:1::/64\", \"10.1.0.0/16\"] }",
    ));
    let row = |a: &str, a_cidr: &str, b: &str, b_cidr: &str, overlap: &str| json!({"a": a, "a_cidr": a_cidr, "b": b, "b_cidr": b_cidr, "overlap": overlap});
    assert_eq!(
        stage.state().output("found"),
        &json!([
            row("hub", "10.0.0.0/16", "shop", "10.0.4.0/24", "10.0.4.0/24"),
            row("hub", "fd00::/48", "store", "fd00:0:0:1::/64", "fd00:0:0:1::/64"),
            row("shop", "10.1.0.0/16", "store", "10.1.0.0/16", "10.1.0.0/16"),
        ])
    );
    stage.plan().expect_empty();
}

#[test]
fn ranges_that_can_be_routed_side_by_side_give_an_empty_list() {
    let stage = Stage::new();
    for ranges in [
        "{}",
        "{ hub = [], shop = [\"10.0.0.0/8\"] }",
        // Ranges of one owner may overlap, and neighbours do not.
        "{ hub = [\"10.0.0.0/16\", \"10.0.0.0/24\"], shop = [\"10.1.0.0/16\"] }",
        "{ hub = [\"0.0.0.0/0\"], shop = [\"fd00::/8\"] }",
    ] {
        stage.apply_config(&output(ranges));
        assert_eq!(stage.state().output("found"), &json!([]), "{ranges}");
    }
}

#[test]
fn what_is_no_range_is_named() {
    let stage = Stage::new();
    for (ranges, said) in [
        ("{ hub = [\"10.0.0.0/33\"] }", "\"hub\", range 1"),
        ("{ hub = [\"10.0.0.0/16\", \"ten\"] }", "\"hub\", range 2"),
        ("{ hub = [\"10.0.0.0\"] }", "\"hub\", range 1"),
        ("{ hub = [null] }", "\"hub\" has a range that is null"),
        ("null", "null"),
    ] {
        stage.write("main.tf", &output(ranges));
        let prose = stage.try_plan().expect_failure().prose();
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
}

#[test]
fn ranges_that_are_not_known_yet_are_compared_later() {
    let stage = Stage::new();
    let later = format!(
        "resource \"terraform_data\" \"range\" {{\n  input = \"10.0.0.0/16\"\n}}\n{}",
        output("{ hub = [terraform_data.range.output], shop = [\"10.0.0.0/24\"] }")
    );
    stage.plan_config(&later).expect_changes(&[("terraform_data.range", Action::Create)]);
    stage.apply().expect_success();
    assert_eq!(stage.state().output("found")[0]["overlap"], "10.0.0.0/24");
}

#[test]
fn a_precondition_stops_the_plan() {
    let stage = Stage::new();
    let guarded = |range: &str| {
        format!(
            r#"
locals {{
  ranges = {{ a = ["10.0.0.0/16"], b = [{range:?}] }}
}}

resource "crossmesh_ccn_instance" "main" {{
  name = "main"

  lifecycle {{
    precondition {{
      condition     = length(provider::crossmesh::cidr_conflicts(local.ranges)) == 0
      error_message = "The ranges overlap."
    }}
  }}
}}
"#
        )
    };
    stage.write("main.tf", &guarded("10.0.0.0/24"));
    let prose = stage.try_plan().expect_failure().prose();
    assert!(prose.contains("The ranges overlap."), "{prose}");
    stage
        .plan_config(&guarded("10.1.0.0/24"))
        .expect_changes(&[("crossmesh_ccn_instance.main", Action::Create)]);
}
