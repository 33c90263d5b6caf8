//! `data.crossmesh_ccn_attachments`

use serde_json::{Value, json};

use crate::{ccn_cross_account_attachment::application, setup::Stage};

fn listing(name: &str, lines: &str) -> String {
    format!(
        r#"
data "crossmesh_ccn_attachments" "{name}" {{
  ccn_id = crossmesh_ccn_instance.main.id
  {lines}

  depends_on = [
    crossmesh_ccn_attachment.hub,
    crossmesh_ccn_cross_account_attachment.member,
  ]
}}

output "{name}" {{
  value = data.crossmesh_ccn_attachments.{name}.attachments
}}
"#
    )
}

fn ids(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|row| row["instance_id"].as_str().unwrap()).collect()
}

#[test]
fn shows_what_each_side_may_see() {
    let stage = Stage::new();
    let (hub, member) = (stage.vpc("hub").to_owned(), stage.vpc("member").to_owned());
    let mut config = application(&stage, "");
    config += &format!(
        "resource \"crossmesh_ccn_attachment\" \"hub\" {{\n  ccn_id = crossmesh_ccn_instance.main.id\n  instance_id = {hub:?}\n}}\n"
    );
    for (name, lines) in [
        ("all", String::new()),
        ("pending", "state = \"pending\"".to_owned()),
        ("theirs", format!("instance_uin = {:?}", stage.uin("member"))),
        ("elsewhere", "instance_region = \"ap-shanghai\"".to_owned()),
        ("gateways", "instance_type = \"VPNGW\"".to_owned()),
        ("as_member", "account = \"member\"".to_owned()),
    ] {
        config += &listing(name, &lines);
    }
    stage.apply_config(&config);
    stage.plan().expect_empty();
    let state = stage.state();
    let mut both = vec![hub.as_str(), member.as_str()];
    both.sort_unstable();
    assert_eq!(ids(state.output("all")), both);
    assert_eq!(ids(state.output("pending")), [&*member]);
    assert_eq!(ids(state.output("theirs")), [&*member]);
    assert_eq!(ids(state.output("as_member")), [&*member]);
    assert!(ids(state.output("elsewhere")).is_empty());
    assert!(ids(state.output("gateways")).is_empty());
    let row = &state.output("pending")[0];
    let id = state.attributes("crossmesh_ccn_cross_account_attachment.member")["id"].clone();
    assert_eq!(row["id"], id);
    assert_eq!((&row["state"], &row["cidr_blocks"]), (&json!("PENDING"), &json!(["10.1.0.0/16"])));
    assert_eq!(
        (&row["instance_uin"], &row["ccn_uin"]),
        (&json!(stage.uin("member")), &json!(stage.uin("hub")))
    );
    stage.expect_clean_destroy();
}
